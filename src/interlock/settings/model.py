"""The sections of the settings, with defaults, ranges and effects. Nothing here reads a file or the environment."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from interlock.account import Mode
from interlock.health.observations import HealthLimits
from interlock.reconcile.difference import Foreign, Moved
from interlock.risk.limits import Limits
from interlock.settings.kinds import (
    Count,
    Flag,
    Hidden,
    Inside,
    Names,
    Number,
    Port,
    Socket,
    Symbols,
    Web,
    Webs,
)
from interlock.values import Secret


def _is(default: object, effect: str, alias: str = "", **limits: object) -> Any:  # noqa: ANN401 (a field of any type)
    extra: Any = {"alias": alias}
    bounds: Any = limits
    return Field(default=default, description=effect, json_schema_extra=extra, **bounds)


class Section(BaseModel):
    """One section of the settings: nothing unknown, nothing changed afterwards, nothing echoed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )


class Api(Section):
    """The API's listener."""

    port: Port = _is(8002, "port of the API")
    bind: str = _is(
        "127.0.0.1", "address of the API; another than loopback needs --i-have-a-tls-proxy"
    )
    hosts: Names = _is((), "further names (host:port) that the Host allowlist admits")


class Dashboard(Section):
    """The dashboard's listener."""

    port: Port = _is(3000, "port of the dashboard")
    bind: str = _is("127.0.0.1", "address of the dashboard; as that of the API")
    api_url: Inside | None = _is(
        None, "where the dashboard finds the API; unset: on loopback at its port", "API_BASE_URL"
    )


class Exchange(Section):
    """Where the exchange is, and who we are to it."""

    rest_url: Web = _is("https://api.crypto.com/exchange/v1", "REST", "EXCHANGE_CUSTOM_BASE_URL")
    ws_user_url: Socket = _is(
        "wss://stream.crypto.com/exchange/v1/user",
        "user stream; beside another REST than the exchange's own nobody listens unless it is named",
    )
    ws_market_url: Socket = _is("wss://stream.crypto.com/exchange/v1/market", "market stream")
    api_key: Hidden = _is(Secret(""), "key of the exchange", "EXCHANGE_CUSTOM_API_KEY")
    api_secret: Hidden = _is(Secret(""), "secret of that key", "EXCHANGE_CUSTOM_API_SECRET")
    source_address: str = _is("", "local address to call from; empty: the system's choice")
    timeout_s: Number = _is(
        Decimal(10), "longest wait for an answer", "CRYPTO_HTTP_TIMEOUT", gt=0, le=60
    )


class Database(Section):
    """Where the books are."""

    url: Hidden = _is(
        Secret(""), "address of the books; empty: SQLite in the data folder", "DATABASE_URL"
    )


class Telegram(Section):
    """The messenger."""

    enabled: Flag = _is(effect="whether messages are sent", default=False, alias="RUN_TELEGRAM")
    api_base: Web = _is("https://api.telegram.org", "where the messenger is")
    bot_token: Hidden = _is(Secret(""), "token of the bot", "TELEGRAM_BOT_TOKEN")
    chat_id: str = _is("", "the owner's chat", "TELEGRAM_CHAT_ID")

    @property
    def can_send(self) -> bool:
        """Whether messages are sent: enabled, with a token and a chat."""
        return self.enabled and bool(self.bot_token) and bool(self.chat_id)


class Risk(Section):
    """The risk guard's caps, A to F."""

    max_leverage: Number = _is(Decimal(5), "B: leverage at most", "RISK_MAX_LEVERAGE", ge=1, le=100)
    max_equity_per_trade_pct: Number = _is(
        Decimal(10),
        "C: % of equity per trade",
        "RISK_MAX_EQUITY_PER_TRADE_PCT",
        ge=Decimal("0.1"),
        le=100,
    )
    max_total_margin_exposure_pct: Number = _is(
        Decimal(40), "D: % of equity on margin", "RISK_MAX_TOTAL_MARGIN_EXPOSURE_PCT", ge=0, le=100
    )
    min_liquidation_buffer_pct: Number = _is(
        Decimal(15), "E: 100 / leverage at least", "RISK_MIN_LIQUIDATION_BUFFER_PCT", ge=1, le=100
    )
    max_daily_loss_pct: Number = _is(
        Decimal(5), "F: % lost in a day", "RISK_MAX_DAILY_LOSS_PCT", ge=0, le=100
    )
    max_order_notional_usd: Number = _is(
        Decimal(1_000_000), "SIZE: value of one order", "RISK_MAX_ORDER_NOTIONAL_USD", gt=0
    )
    global_trading_enabled: Flag = _is(
        effect="A: false acts as an engaged kill switch",
        default=True,
        alias="RISK_GLOBAL_TRADING_ENABLED",
    )


class Trading(Section):
    """The guardrails of entries."""

    live_trading: Flag = _is(
        effect="false: mode LIVE cannot be selected", default=False, alias="LIVE_TRADING"
    )
    trading_enabled: Flag = _is(
        effect="false acts as an engaged kill switch", default=True, alias="TRADING_ENABLED"
    )
    trade_allowlist: Symbols = _is((), "symbols that may be entered; empty: all", "TRADE_ALLOWLIST")
    max_open_orders_total: Count = _is(10, "open positions in all", "MAX_OPEN_ORDERS_TOTAL")
    max_open_per_base: Count = _is(3, "open positions per base", "MAX_OPEN_PER_BASE")
    max_orders_per_symbol_per_day: Count = _is(
        2, "entries per base and day", "MAX_ORDERS_PER_SYMBOL_PER_DAY"
    )
    max_usd_per_order: Number = _is(Decimal(100), "value of one entry", "MAX_USD_PER_ORDER", gt=0)
    entry_cooldown_seconds: Count = _is(
        300, "rest between entries of a base", "ENTRY_COOLDOWN_SECONDS"
    )
    entry_max_slippage_pct: Number = _is(
        Decimal("0.3"), "collar above the ask, in %", "ENTRY_MAX_SLIPPAGE_PCT", ge=0, le=10
    )
    portfolio_cap_multiple: Number = _is(
        Decimal(3), "value of a symbol, in entries", "PORTFOLIO_CAP_MULTIPLE", ge=0, le=1000
    )
    protection_deadline_seconds: Annotated[int, Field(ge=1, le=3600)] = _is(
        30,
        "an entry without a confirmed stop is flattened after this",
        "PROTECTION_DEADLINE_SECONDS",
    )
    entry_max_price_age_seconds: Count = _is(
        120, "older prices admit no entry", "ENTRY_MAX_PRICE_AGE_SECONDS"
    )
    max_exposure_usd: Number = _is(
        Decimal(10_000),
        "what all lots cost and entries in flight may cost",
        "MAX_EXPOSURE_USD",
        ge=0,
    )
    max_margin_usd: Number = _is(
        Decimal(5_000), "the same of what is bought on margin", "MAX_MARGIN_USD", ge=0
    )
    max_messages_per_minute: Count = _is(
        60,
        "requests to the exchange in a minute, beyond which nothing is entered",
        "MAX_MESSAGES_PER_MINUTE",
    )
    max_executions_per_hour: Count = _is(
        20,
        "entries that bought in an hour, at which a person must arm anew",
        "MAX_EXECUTIONS_PER_HOUR",
    )
    max_price_jump_pct: Number = _is(
        Decimal(10),
        "distance of the price from the last bar's close, in %",
        "MAX_PRICE_JUMP_PCT",
        ge=0,
        le=100,
    )
    max_clock_skew_seconds: Number = _is(
        Decimal(5),
        "distance of the exchange's clock from ours",
        "MAX_CLOCK_SKEW_SECONDS",
        ge=0,
        le=60,
    )
    equity_max_age_seconds: Count = _is(120, "an older equity is unknown", "EQUITY_MAX_AGE_SECONDS")


class Health(Section):
    """What health and the audit compare with."""

    stale_market_minutes: Number = _is(
        Decimal(30), "an older price is stale", "HEALTH_STALE_MARKET_MINUTES", gt=0, le=1440
    )
    monitor_stale_minutes: Number = _is(
        Decimal(30), "a slower monitor has failed", "HEALTH_MONITOR_STALE_MINUTES", gt=0, le=1440
    )
    drift_threshold_pct: Number = _is(
        Decimal(1), "more drift fails the audit", "DRIFT_THRESHOLD_PCT", ge=0, le=100
    )
    reconcile_grace_minutes: Number = _is(
        Decimal(5),
        "an outcome that is unknown for longer fails the audit",
        "RECONCILE_GRACE_MINUTES",
        ge=0,
        le=60,
    )


class Reconcile(Section):
    """What is done about what the owner did by hand."""

    foreign_orders: Foreign = _is(
        Foreign.ALARM, "an open order that was placed by hand: ignore, alarm or cancel"
    )
    balance_changes: Moved = _is(
        Moved.BOOK, "a deposit or withdrawal: book, or alarm and freeze until the plan is applied"
    )


class Strategy(Section):
    """What the owner's own strategies may take; the process that runs them is not the platform's."""

    memory_mb: Count = _is(
        256,
        "memory of that process; the unit's MemoryMax must leave it beside the platform",
        ge=192,
    )
    deadline_seconds: Count = _is(5, "a strategy that answers later has said WAIT", ge=1, le=30)


class Host(Section):
    """Where the platform stands, and what its scripts look at from there."""

    environment: str = _is("", "aws on the deployment host, local anywhere else", "APP_ENV")
    evidence_dir: Path = _is(Path("evidence"), "folder of evidence files", "EVIDENCE_DIR")
    egress_urls: Webs = _is(
        ("https://api.ipify.org", "https://ifconfig.me"),
        "who tells the address that this host is seen by; scripts and doctor ask, the platform never does",
    )
    public_time_url: Web = _is(
        "https://api.crypto.com/v2/public/get-time", "public call of the connectivity check"
    )
    disk_pct_max: Number = _is(Decimal(90), "a disk as full as this fails the audit", gt=0, le=90)
    memory_free_pct_min: Number = _is(
        Decimal(10), "less free memory fails the audit", ge=10, le=100
    )
    pace: Number = _is(
        Decimal(1), "every wait of the scripts times this; below 1 for trials", gt=0, le=1
    )
    step_limit_s: Number = _is(
        Decimal(120), "a step of the nightly audit that takes longer has failed", gt=0, le=120
    )


class Sim(Section):
    """The simulator that gives the time."""

    control: Web | None = _is(None, "its control port: business time is then the stepping clock's")


class Settings(Section):
    """Everything that the environment said, checked. `ignored` are names of the predecessor that no longer do anything."""

    data: Path = _is(Path("~/.local/share/interlock"), "the folder of all state")
    mode: Mode = _is(Mode.OFF, "the highest mode that can be selected: OFF, SIM or LIVE")
    api: Api = Api()
    dashboard: Dashboard = Dashboard()
    exchange: Exchange = Exchange()
    database: Database = Database()
    telegram: Telegram = Telegram()
    risk: Risk = Risk()
    trading: Trading = Trading()
    health: Health = Health()
    reconcile: Reconcile = Reconcile()
    strategy: Strategy = Strategy()
    host: Host = Host()
    sim: Sim = Sim()

    _sources: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _ignored: tuple[str, ...] = PrivateAttr(default=())

    @property
    def bound(self) -> Mode:
        """The most that the environment admits: LIVE needs LIVE_TRADING too."""
        is_capped = self.mode is Mode.LIVE and not self.trading.live_trading
        return Mode.SIM if is_capped else self.mode

    @property
    def trading_enabled(self) -> bool:
        """Whether neither TRADING_ENABLED nor RISK_GLOBAL_TRADING_ENABLED is false."""
        return self.trading.trading_enabled and self.risk.global_trading_enabled

    @property
    def ignored(self) -> tuple[str, ...]:
        """Names that are set and that nothing reads any more."""
        return self._ignored

    @property
    def token_file(self) -> Path:
        """Where the running platform leaves the token of its API (0600)."""
        return self.data / "api.token"

    def source(self, path: str) -> str:
        """Where the value of `section.key` came from: a variable, the file, or the default."""
        return self._sources.get(path, "default")

    def limits(self) -> Limits:
        """The caps that the judge compares with."""
        risk, trading = self.risk, self.trading
        price_age = timedelta(seconds=trading.entry_max_price_age_seconds)
        return Limits(
            max_leverage=risk.max_leverage,
            max_equity_per_trade_pct=risk.max_equity_per_trade_pct,
            max_total_margin_exposure_pct=risk.max_total_margin_exposure_pct,
            min_liquidation_buffer_pct=risk.min_liquidation_buffer_pct,
            max_daily_loss_pct=risk.max_daily_loss_pct,
            max_order_notional_usd=risk.max_order_notional_usd,
            equity_age_max=timedelta(seconds=trading.equity_max_age_seconds),
            price_age_max=price_age,
            bar_age_max=price_age,
            usd_per_order_max=trading.max_usd_per_order,
            open_per_base_max=trading.max_open_per_base,
            open_total_max=trading.max_open_orders_total,
            orders_per_base_and_day_max=trading.max_orders_per_symbol_per_day,
            entry_cooldown=timedelta(seconds=trading.entry_cooldown_seconds),
            entry_slippage_pct_max=trading.entry_max_slippage_pct,
            portfolio_cap_multiple=trading.portfolio_cap_multiple,
            protection_deadline=timedelta(seconds=trading.protection_deadline_seconds),
            allowlist=frozenset(trading.trade_allowlist),
            exposure_usd_max=trading.max_exposure_usd,
            margin_usd_max=trading.max_margin_usd,
            messages_max=trading.max_messages_per_minute,
            executions_max=trading.max_executions_per_hour,
            price_jump_pct_max=trading.max_price_jump_pct,
            clock_skew_max=timedelta(seconds=float(trading.max_clock_skew_seconds)),
        )

    def health_limits(self) -> HealthLimits:
        """The ages and caps that health compares with."""
        minute = timedelta(minutes=1)
        return HealthLimits(
            market_stale=minute * float(self.health.stale_market_minutes),
            monitor_dead=minute * float(self.health.monitor_stale_minutes),
            price_age_max=timedelta(seconds=self.trading.entry_max_price_age_seconds),
            equity_age_max=timedelta(seconds=self.trading.equity_max_age_seconds),
            clock_skew_max=timedelta(seconds=float(self.trading.max_clock_skew_seconds)),
            max_open=self.trading.max_open_orders_total,
        )
