"""`batch`: label bounded data in bulk, into files, tables or a topic."""

import resource
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from consumer.bounded.inputs import ReadAs, open_inputs
from consumer.bounded.job_run import BoundedJob
from consumer.bounded.label_table import label_columns
from consumer.bounded.ports import Input, Mode, RejectLog, Store
from consumer.bounded.progress import Job, Progress
from consumer.bounded.steps import Step, Steps
from consumer.commands.batch_display import choose_display
from consumer.commands.batch_settings import BatchSettings, kept_columns, mode_of
from consumer.commands.places import parse_moment, parse_places
from consumer.model.load import LoadedModel, load_scorer
from consumer.reports.batch_summary import BatchSummary, batch_object, print_batch
from shared.clock import SystemClock
from shared.datasets import Split
from shared.kafka_client import KafkaSettings
from shared.logs import configure_logs
from shared.review_files import FileFormat
from shared.review_rows import ColumnMapping
from shared.settings import LogSettings, with_settings
from shared.stop_signals import StopSignals
