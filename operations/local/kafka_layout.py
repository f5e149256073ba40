"""What kind of Kafka a stack has: kept with its data, because that fits no other."""

import msgspec

from operations.local.folder import Folder, write_json


class Layout(msgspec.Struct, frozen=True):
    brokers: int = 1
    secure: bool = False

    def __str__(self) -> str:
        brokers = "one broker" if self.brokers == 1 else f"{self.brokers} brokers"
        return f"{brokers}, secure" if self.secure else brokers


class OtherLayoutError(RuntimeError):
    """The folder's data is of another kind of Kafka than what was asked for."""


def kept(folder: Folder) -> Layout:
    """That of the folder's data; one plain broker in a new folder."""
    try:
        return msgspec.json.decode(folder.layout.read_bytes(), type=Layout)
    except FileNotFoundError:
        return Layout()


def choose(folder: Folder, brokers: int | None, secure: bool | None) -> Layout:
    """What was asked for (None: whatever there is), from now on that of the folder.

    Raises `OtherLayoutError` where the folder has data of another kind.
    """
    before = kept(folder)
    wanted = Layout(
        before.brokers if brokers is None else brokers, before.secure if secure is None else secure
    )
    if wanted != before and any((folder.path / "data").glob("kafka*")):
        raise OtherLayoutError(
            f"the Kafka in {folder.path} has {before}, not {wanted}: `weather-tweets down --purge` removes "
            "it with its data, `--data-dir` takes another folder"
        )
    write_json(folder.layout, msgspec.to_builtins(wanted))
    return wanted
