"""Settings: who wins over whom, what is refused and by which name, and that no secret is ever shown."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from interlock.account import Mode
from interlock.errors import BadSettings, Misuse
from interlock.risk.limits import Limits
from interlock.settings import check_bind, read, rows
from interlock.settings.listing import LEAVES
from interlock.values import Secret

SECRET = "hunter2-hunter2"  # noqa: S105 (a planted one, to be looked for)


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(BadSettings) as caught:
        read(environ)
    return caught.value.line()


def config(tmp_path: Path, text: str) -> dict[str, str]:
    (tmp_path / "interlock.toml").write_text(text, encoding="utf-8")
    return {"INTERLOCK__DATA": str(tmp_path)}


def test_without_a_word_said_nothing_trades_and_nobody_outside_is_answered() -> None:
    settings = read({})

    assert (settings.mode, settings.bound) == (Mode.OFF, Mode.OFF)
    assert (settings.api.bind, settings.api.port) == ("127.0.0.1", 8002)
    assert (settings.dashboard.bind, settings.dashboard.port) == ("127.0.0.1", 3000)
    assert settings.data == Path("~/.local/share/interlock").expanduser()
    assert settings.limits() == Limits()
    assert settings.trading_enabled


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    env = config(
        tmp_path,
        '[risk]\nmax_leverage = 3.5\n[api]\nport = 9000\n[trading]\ntrade_allowlist = ["BTC_USDT"]',
    )

    settings = read({**env, "INTERLOCK__API__PORT": "9001"})

    assert settings.risk.max_leverage == Decimal("3.5")
    assert settings.api.port == 9001
    assert settings.limits().allowlist == {"BTC_USDT"}
    assert settings.source("risk.max_leverage") == "risk.max_leverage of interlock.toml"
    assert settings.source("api.port") == "INTERLOCK__API__PORT"
    assert settings.source("api.bind") == "default"


def test_another_file_may_be_named_and_must_then_be_there(tmp_path: Path) -> None:
    config(tmp_path, 'mode = "SIM"')
    named = {"INTERLOCK__CONFIG": str(tmp_path / "interlock.toml")}

    assert read(named).mode is Mode.SIM
    assert "cannot be read" in refusal({"INTERLOCK__CONFIG": str(tmp_path / "none.toml")})


@pytest.mark.parametrize("alias", [leaf.alias for leaf in LEAVES if leaf.alias])
def test_each_name_of_the_predecessor_is_understood_and_ours_wins(alias: str) -> None:
    leaf = next(each for each in LEAVES if each.alias == alias)
    others = {"TRADE_ALLOWLIST": "BTC_USDT"}
    value = "https://one.test/v1" if alias.endswith("_BASE_URL") else others.get(alias, "1")

    assert read({alias: value}).source(".".join(leaf.path)) == alias
    both = {alias: value, leaf.name: value}
    assert read(both).source(".".join(leaf.path)) == leaf.name


def test_the_names_that_outside_checks_rely_on_are_settings() -> None:
    names = {leaf.name.removeprefix("INTERLOCK__") for leaf in LEAVES}
    fixed = """DATA MODE API__PORT API__BIND API__HOSTS DASHBOARD__PORT DASHBOARD__BIND EXCHANGE__REST_URL
        EXCHANGE__WS_USER_URL EXCHANGE__WS_MARKET_URL EXCHANGE__API_KEY EXCHANGE__API_SECRET EXCHANGE__SOURCE_ADDRESS
        DATABASE__URL TELEGRAM__API_BASE TELEGRAM__BOT_TOKEN TELEGRAM__CHAT_ID TELEGRAM__ENABLED SIM__CONTROL"""
    aliases = """EXCHANGE_CUSTOM_API_KEY EXCHANGE_CUSTOM_API_SECRET EXCHANGE_CUSTOM_BASE_URL TELEGRAM_BOT_TOKEN
        TELEGRAM_CHAT_ID RUN_TELEGRAM DATABASE_URL DRIFT_THRESHOLD_PCT RISK_MAX_LEVERAGE LIVE_TRADING"""

    assert set(fixed.split()) <= names
    assert set(aliases.split()) <= {leaf.alias for leaf in LEAVES}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTERLOCK__API__PORT", "65536"),
        ("INTERLOCK__API__PORT", "-1"),
        ("INTERLOCK__API__PORT", "80.5"),
        ("INTERLOCK__MODE", "live"),
        ("RUN_TELEGRAM", "perhaps"),
        ("INTERLOCK__RISK__MAX_LEVERAGE", "0.99"),
        ("RISK_MAX_LEVERAGE", "101"),
        ("RISK_MAX_LEVERAGE", "NaN"),
        ("RISK_MAX_LEVERAGE", "1e400"),
        ("RISK_MAX_EQUITY_PER_TRADE_PCT", "0.09"),
        ("RISK_MAX_TOTAL_MARGIN_EXPOSURE_PCT", "-1"),
        ("RISK_MIN_LIQUIDATION_BUFFER_PCT", "0"),
        ("RISK_MAX_DAILY_LOSS_PCT", "100.1"),
        ("RISK_MAX_ORDER_NOTIONAL_USD", "0"),
        ("MAX_USD_PER_ORDER", "0"),
        ("TRADE_ALLOWLIST", "btc"),
        ("INTERLOCK__EXCHANGE__REST_URL", "http://api.crypto.com"),
        ("INTERLOCK__EXCHANGE__REST_URL", "ftp://127.0.0.1"),
        ("API_BASE_URL", "http://api.example"),
        ("API_BASE_URL", "ftp://backend-aws:8002"),
        ("INTERLOCK__EXCHANGE__WS_USER_URL", "wss://user:pw@stream.crypto.com"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_that_was_used(name: str, value: str) -> None:
    said = refusal({name: value})

    assert said.startswith(f"{name} must ")
    assert value not in said.removeprefix(name) or value in "0-1"
    assert "interlock config" in said


def test_an_unknown_name_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    """Fault N9."""
    assert refusal({"INTERLOCK__API__PROT": "1"}).startswith(
        "INTERLOCK__API__PROT is not a setting"
    )
    assert "risk.max_leverag of interlock.toml is not a setting" in refusal(
        config(tmp_path, "[risk]\nmax_leverag = 3")
    )
    assert "colour of interlock.toml is not a setting" in refusal(config(tmp_path, "colour = 1"))
    assert read({"INTERLOCK_SOMETHING": "else"})


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(config(tmp_path, "mode = "))


def test_a_bad_setting_is_a_misuse_so_the_process_ends_with_2() -> None:
    assert issubclass(BadSettings, Misuse)


def test_an_empty_value_is_the_default() -> None:
    assert read({"INTERLOCK__API__PORT": "", "RISK_MAX_LEVERAGE": ""}).limits() == Limits()


@pytest.mark.parametrize(
    ("text", "means"), [("true", True), ("YES", True), ("1", True), ("no", False), ("0", False)]
)
def test_the_words_for_yes_and_no(text: str, means: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert read({"TRADING_ENABLED": text}).trading_enabled is means


def test_live_needs_live_trading_too() -> None:
    assert read({"INTERLOCK__MODE": "LIVE"}).bound is Mode.SIM
    assert read({"INTERLOCK__MODE": "LIVE", "LIVE_TRADING": "true"}).bound is Mode.LIVE


def test_a_secret_may_stand_in_a_file_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    """Faults N10, K25."""
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n", encoding="utf-8")
    path.chmod(0o600)

    assert read({"INTERLOCK__EXCHANGE__API_SECRET_FILE": str(path)}).exchange.api_secret == Secret(
        SECRET
    )
    assert read({"TELEGRAM_BOT_TOKEN_FILE": str(path)}).telegram.bot_token == Secret(SECRET)

    path.chmod(0o640)
    assert "chmod 600" in refusal({"INTERLOCK__EXCHANGE__API_SECRET_FILE": str(path)})
    assert "cannot be read" in refusal(
        {"INTERLOCK__EXCHANGE__API_SECRET_FILE": str(tmp_path / "none")}
    )
    assert "is not a setting" in refusal({"INTERLOCK__API__PORT_FILE": str(path)})


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    names = [leaf.name for leaf in LEAVES if leaf.secret]
    settings = read(dict.fromkeys(names, SECRET))
    shown = f"{settings!r}{settings}{rows(settings)}{settings.model_dump()}"

    assert len(names) >= 4
    assert SECRET not in shown
    assert {row.value for row in rows(settings) if row.name in names} == {"***"}
    assert SECRET not in refusal(config(tmp_path, f'[exchange]\napi_sceret = "{SECRET}"'))
    assert SECRET not in refusal(config(tmp_path, f'[exchange]\napi_key = ["{SECRET}"]'))


def test_every_setting_is_listed_with_its_effect() -> None:
    listed = rows(read({}))

    assert all(row.effect and row.name.startswith("INTERLOCK__") for row in listed)
    assert len({row.name for row in listed}) == len(listed) == len(LEAVES)


def test_names_that_no_longer_do_anything_are_told() -> None:
    assert read({"DISABLE_AUTH": "true"}).ignored == ("DISABLE_AUTH",)


def test_limits_and_health_read_the_same_ages() -> None:
    settings = read({"EQUITY_MAX_AGE_SECONDS": "60", "HEALTH_STALE_MARKET_MINUTES": "7.5"})

    assert (
        settings.limits().equity_age_max
        == settings.health_limits().equity_age_max
        == timedelta(seconds=60)
    )
    assert settings.health_limits().market_stale == timedelta(minutes=7.5)


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", "192.168.1.2", "platform.lan"])  # noqa: S104 (what must be refused)
@pytest.mark.parametrize("name", ["INTERLOCK__API__BIND", "INTERLOCK__DASHBOARD__BIND"])
def test_another_address_than_loopback_needs_a_word_of_the_operator(name: str, bind: str) -> None:
    """Fault K29."""
    settings = read({name: bind})

    with pytest.raises(BadSettings, match="i-have-a-tls-proxy"):
        check_bind(settings, has_tls_proxy=False)
    check_bind(settings, has_tls_proxy=True)


@pytest.mark.parametrize("bind", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_loopback_needs_no_word(bind: str) -> None:
    check_bind(read({"INTERLOCK__API__BIND": bind}), has_tls_proxy=False)


@pytest.mark.parametrize(
    "url", ["http://backend-aws:8002", "https://api.example", "http://[::1]:1"]
)
def test_the_dashboard_may_ask_a_container_beside_it_in_plain_text(url: str) -> None:
    assert read({"API_BASE_URL": url}).dashboard.api_url == url
