"""The settings of a deployment host: which of its files wins, that none is run, and that a bad line is told without its content."""

from pathlib import Path

import pytest

from interlock.account import Mode
from interlock.errors import BadSettings
from interlock.settings import of_host
from interlock.values import Secret

SECRET = "hunter2-hunter2"  # noqa: S105 (a planted one, to be looked for)


def installation(root: Path, aws: str = "", runtime: str = "", mode: int = 0o600) -> Path:
    (root / "secrets").mkdir(exist_ok=True)
    for name, text in ((".env.aws", aws), ("secrets/runtime.env", runtime)):
        (root / name).write_text(text, encoding="utf-8")
        (root / name).chmod(mode)
    return root


def refusal(root: Path) -> str:
    with pytest.raises(BadSettings) as caught:
        of_host(root, {})
    return caught.value.line()


def test_the_environment_wins_over_the_secrets_and_those_over_the_profile(tmp_path: Path) -> None:
    root = installation(
        tmp_path,
        aws="APP_ENV=aws\nINTERLOCK__API__PORT=1\nRISK_MAX_LEVERAGE=2\n",
        runtime="INTERLOCK__API__PORT=2\nRISK_MAX_LEVERAGE=3\nINTERLOCK__MODE=SIM\n",
    )

    settings = of_host(root, {"INTERLOCK__API__PORT": "3", "INTERLOCK__MODE": ""})

    assert settings.api.port == 3
    assert settings.risk.max_leverage == 3
    assert settings.host.environment == "aws"
    assert settings.mode is Mode.SIM


def test_the_predecessors_name_in_the_environment_wins_over_ours_in_a_file(tmp_path: Path) -> None:
    root = installation(tmp_path, runtime="INTERLOCK__EXCHANGE__API_KEY=filed")

    assert of_host(root, {"EXCHANGE_CUSTOM_API_KEY": "said"}).exchange.api_key == Secret("said")


def test_a_missing_file_is_fine(tmp_path: Path) -> None:
    assert of_host(tmp_path, {"INTERLOCK__DATA": str(tmp_path)}).data == tmp_path


def test_the_settings_file_of_the_folder_that_a_host_file_names_is_read(tmp_path: Path) -> None:
    (tmp_path / "interlock.toml").write_text("[api]\nport = 9\n[dashboard]\nport = 9\n")
    root = installation(tmp_path, aws=f"INTERLOCK__DATA={tmp_path}\nINTERLOCK__DASHBOARD__PORT=8\n")

    settings = of_host(root, {})

    assert (settings.api.port, settings.dashboard.port) == (9, 8)


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("TELEGRAM_CHAT_ID=12", "12"),
        ("  TELEGRAM_CHAT_ID = 12  ", "12"),
        ("TELEGRAM_CHAT_ID=12 # the owner", "12"),
        ("TELEGRAM_CHAT_ID=1#2", "1#2"),
        ('TELEGRAM_CHAT_ID="1 # 2" # quoted', "1 # 2"),
        ("TELEGRAM_CHAT_ID='$(touch ran)`touch ran`'", "$(touch ran)`touch ran`"),
        ("TELEGRAM_CHAT_ID=a=b", "a=b"),
        ("# TELEGRAM_CHAT_ID=12", ""),
        ("TELEGRAM_CHAT_ID=", ""),
        ("TELEGRAM_CHAT_ID= # none", ""),
        ("TELEGRAM_CHAT_ID=12\r", "12"),
        ("POSTGRES_DB=books", ""),
    ],
)
def test_what_a_line_says(tmp_path: Path, line: str, means: str) -> None:
    assert of_host(installation(tmp_path, aws=f"\n{line}\n"), {}).telegram.chat_id == means
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "line", [SECRET, f"export A={SECRET}", f'A="{SECRET}', f"A='{SECRET}'x", f"1A={SECRET}", "=x"]
)
def test_a_bad_line_is_told_by_file_and_number_and_never_by_its_content(
    tmp_path: Path, line: str
) -> None:
    said = refusal(installation(tmp_path, runtime=f"# first\nA=b\n{line}\n"))

    assert said.startswith(f"Line 3 of {tmp_path / 'secrets' / 'runtime.env'} is not KEY=VALUE")
    assert SECRET not in said


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_holds_a_secret_is_read_by_its_owner_alone(tmp_path: Path, mode: int) -> None:
    root = installation(tmp_path, runtime=f"TELEGRAM_BOT_TOKEN={SECRET}", mode=mode)

    said = refusal(root)
    assert "TELEGRAM_BOT_TOKEN: others may read" in said
    assert "chmod 600" in said
    assert SECRET not in said
    assert of_host(installation(root, runtime="TELEGRAM_BOT_TOKEN=\nAPP_ENV=aws", mode=mode), {})


def test_a_name_that_is_no_setting_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    assert "INTERLOCK__API__PROT is not a setting" in refusal(
        installation(tmp_path, aws="INTERLOCK__API__PROT=1")
    )


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env.aws").write_bytes(b"A=\xff")
    assert ".env.aws is no text" in refusal(tmp_path)

    (tmp_path / ".env.aws").unlink()
    (tmp_path / ".env.aws").mkdir()
    assert "cannot be read" in refusal(tmp_path)
