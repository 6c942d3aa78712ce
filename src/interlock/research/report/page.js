"use strict";
// Draws what stands in #run with Plotly. A price chart holds at most CANDLES candles: neighbours are joined as far as the view is wide.
(async () => {
  const data = JSON.parse(document.getElementById("run").textContent);
  const CANDLES = 1200, PAGE = 50, LEVELS_MAX = 120, DAY = 86400000;
  const FIELDS = ["symbol", "strategy", "opened", "closed", "quantity", "entry", "exit", "stop", "target", "profit", "ratio", "costs", "reason", "because"];
  const trades = data.trades.map(row => Object.fromEntries(FIELDS.map((name, n) => [name, row[n]])));
  const at = id => document.getElementById(id);
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const config = { displaylogo: false, responsive: true, scrollZoom: false, modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"] };

  async function unpack(text, width) {
    const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const raw = new Uint8Array(await new Response(stream).arrayBuffer());
    const count = raw.length / width, plain = new Uint8Array(raw.length);
    for (let byte = 0; byte < width; byte++)
      for (let n = 0; n < count; n++) plain[n * width + byte] = raw[byte * count + n];
    return width === 8 ? new Float64Array(plain.buffer) : new Float32Array(plain.buffer);
  }

  async function opened(lane) {
    if (!lane.times) {
      lane.times = await unpack(lane.opens, 8);
      lane.arrays = await Promise.all(lane.bars.map(each => unpack(each, 4)));
      lane.columns = {};
      for (const name in lane.shown) lane.columns[name] = await unpack(lane.shown[name], 4);
    }
    return lane;
  }

  function first(times, time) { // the first place at or after a time
    let low = 0, high = times.length;
    while (low < high) { const middle = (low + high) >> 1; if (times[middle] < time) low = middle + 1; else high = middle; }
    return low;
  }

  function layout(more) {
    const axis = { gridcolor: colour("edge"), zerolinecolor: colour("edge"), linecolor: colour("edge") };
    const made = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 62, r: 12, t: 8, b: 40 },
      font: { color: colour("ink"), size: 12, family: "system-ui, sans-serif" }, hovermode: "x unified", modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("quiet"), activecolor: colour("info") },
      hoverlabel: { bgcolor: colour("card"), bordercolor: colour("edge"), font: { color: colour("ink") } },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, ...more,
    };
    for (const name in made) if (/^[xy]axis/.test(name)) {
      made[name] = { ...axis, ...made[name] };
      if (made[name].title) made[name].title = { ...made[name].title, font: { size: 11, color: colour("quiet") } };
    }
    return made;
  }

  // ---------------------------------------------------------------- equity

  function equity() {
    const c = data.curve, x = c.at, grown = c.equity[c.equity.length - 1] ?? 0, market = c.held[c.held.length - 1] ?? 0;
    const dwarfs = Math.abs(market) > 4 * Math.max(0.05, Math.abs(grown));
    const line = (y, name, hue, more) => ({ x, y, name, type: "scatter", mode: "lines", line: { color: colour(hue), width: 1.6 }, hovertemplate: "%{y:.2%}", ...more });
    const hues = ["line", "line2", "warn", "quiet"];
    const traces = [
      line(c.equity, "equity", "info"),
      line(c.held, "buy and hold", "quiet", { visible: dwarfs ? "legendonly" : true, line: { color: colour("quiet"), width: 1.2, dash: "dot" } }),
      ...data.others.map((other, n) => ({ ...line(other.equity, other.title, hues[n % hues.length]), x: other.at })),
      line(c.under, "under water", "bad", { yaxis: "y2", fill: "tozeroy", line: { color: colour("bad"), width: 1 }, showlegend: false }),
      line(c.exposure, "exposure", "line2", { yaxis: "y3", fill: "tozeroy", line: { color: colour("line2"), width: 1, shape: "hv" }, showlegend: false }),
    ];
    Plotly.react("equity", traces, layout({
      xaxis: { type: "date", anchor: "y3" },
      yaxis: { domain: [0.44, 1], tickformat: ".0%", title: { text: "return" } },
      yaxis2: { domain: [0.21, 0.4], tickformat: ".0%", title: { text: "drawdown" } },
      yaxis3: { domain: [0, 0.17], tickformat: ".0%", title: { text: "exposure" }, rangemode: "tozero" },
    }), config);
  }

  // ---------------------------------------------------------------- prices

  let lane = null, view = null;

  function joined(from, to) {
    const times = lane.times, start = Math.max(0, first(times, from) - 1), end = Math.min(times.length, first(times, to) + 1);
    const count = Math.max(1, Math.ceil((end - start) / CANDLES)), [o, h, l, c, v] = lane.arrays;
    const made = { count, t: [], o: [], h: [], l: [], c: [], v: [], columns: {} };
    for (const name in lane.columns) made.columns[name] = [];
    for (let n = start; n < end; n += count) {
      const last = Math.min(n + count, end) - 1;
      let high = h[n], low = l[n], volume = 0;
      for (let k = n; k <= last; k++) { if (h[k] > high) high = h[k]; if (l[k] < low) low = l[k]; volume += v[k]; }
      made.t.push(times[n]); made.o.push(o[n]); made.h.push(high); made.l.push(low); made.c.push(c[last]); made.v.push(volume);
      for (const name in lane.columns) { const value = lane.columns[name][last]; made.columns[name].push(Number.isNaN(value) ? null : value); }
    }
    return made;
  }

  function marks(those, x, y, name, symbol, hue, text) {
    return { x: those.map(x), y: those.map(y), name, text: those.map(text), type: "scatter", mode: "markers", hovertemplate: "%{text}",
      marker: { symbol, size: 9, color: typeof hue === "function" ? those.map(hue) : hue, line: { width: 1, color: colour("card") } } };
  }

  function segments(those, level, name, hue) {
    const x = [], y = [];
    for (const each of those) if (level(each) !== null) { x.push(each.opened, each.closed, null); y.push(level(each), level(each), null); }
    return { x, y, name, type: "scatter", mode: "lines", line: { color: hue, width: 1.2, dash: "dot" }, hoverinfo: "skip" };
  }

  function paths(those, name, hue) {
    const x = [], y = [];
    for (const each of those) { x.push(each.opened, each.closed, null); y.push(each.entry, each.exit, null); }
    return { x, y, name, type: "scatter", mode: "lines", line: { color: hue, width: 1 }, opacity: .55, hoverinfo: "skip", showlegend: false };
  }

  const percent = value => (100 * value).toFixed(2) + " %";
  const price = value => value === null ? "–" : Number(value.toPrecision(8)).toString();
  const when = ms => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

  function prices() {
    const m = joined(view[0], view[1]);
    const those = trades.filter(each => each.symbol === lane.symbol && each.strategy === lane.strategy && each.closed >= view[0] && each.opened <= view[1]);
    const hues = ["warn", "line", "line2", "info", "quiet"];
    const wins = those.filter(each => each.profit > 0), others = those.filter(each => each.profit <= 0);
    const traces = [{
      type: "candlestick", name: "price", x: m.t, open: m.o, high: m.h, low: m.l, close: m.c, showlegend: false,
      increasing: { line: { color: colour("good"), width: 1 } }, decreasing: { line: { color: colour("bad"), width: 1 } },
    }];
    lane.overlays.forEach((name, n) => traces.push({ x: m.t, y: m.columns[name], name, type: "scatter", mode: "lines", line: { color: colour(hues[n % hues.length]), width: 1.2 }, hovertemplate: "%{y:.6~g}" }));
    if (those.length <= LEVELS_MAX) {
      traces.push(segments(those, each => each.stop, "stop", colour("bad")));
      traces.push(segments(those, each => each.target, "target", colour("good")));
    }
    traces.push(paths(wins, "won", colour("good")), paths(others, "lost", colour("bad")));
    traces.push(marks(those, each => each.opened, each => each.entry, "entry", "triangle-up", colour("info"), each => `in ${price(each.entry)} × ${price(each.quantity)}`));
    traces.push(marks(those, each => each.closed, each => each.exit, "exit", "triangle-down", each => colour(each.profit > 0 ? "good" : "bad"), each => `${each.reason} ${price(each.exit)}, ${percent(each.ratio)}`));
    const panes = lane.panes, height = .11, gap = .025, axes = {};
    const below = (panes.length + 1) * (height + gap);
    traces.push({ x: m.t, y: m.v, name: "volume", type: "bar", yaxis: "y2", marker: { color: colour("quiet") }, opacity: .6, showlegend: false, hovertemplate: "%{y:.4~s}" });
    axes.yaxis2 = { domain: [below - gap - height, below - gap], title: { text: "volume" }, nticks: 3, tickformat: ".2~s" };
    panes.forEach((name, n) => {
      const top = below - (n + 1) * (height + gap) - gap;
      traces.push({ x: m.t, y: m.columns[name], name, type: "scatter", mode: "lines", yaxis: "y" + (n + 3), line: { color: colour("line"), width: 1.1 }, showlegend: false, hovertemplate: "%{y:.5~g}" });
      axes["yaxis" + (n + 3)] = { domain: [top - height, top], title: { text: name }, nticks: 3 };
    });
    Plotly.react("prices", traces, layout({
      xaxis: { type: "date", range: [view[0], view[1]], rangeslider: { visible: false }, anchor: "y" + (panes.length + 2) },
      yaxis: { domain: [below, 1], title: { text: lane.symbol.split("_")[1] } }, ...axes, dragmode: "pan", bargap: 0.1,
    }), { ...config, scrollZoom: true });
    at("resolution").textContent = (m.count > 1 ? `${m.count} bars to a candle; zoom in for single ones` : "single bars") + `, ${those.length} trades`;
  }

  function whole() { return [lane.times[0], lane.times[lane.times.length - 1] + lane.step]; }

  async function show(index, range) {
    lane = await opened(data.lanes[index]);
    at("lane").value = index;
    view = range ?? whole();
    prices();
  }

  let waiting = 0;
  function moved(event) {
    const a = event["xaxis.range[0]"] ?? (event["xaxis.range"] ?? [])[0], b = event["xaxis.range[1]"] ?? (event["xaxis.range"] ?? [])[1];
    if (event["xaxis.autorange"]) view = whole();
    else if (a !== undefined && b !== undefined) view = [a, b].map(each => typeof each === "number" ? each : Date.parse(each.replace(" ", "T") + "Z"));
    else return;
    clearTimeout(waiting);
    waiting = setTimeout(prices, 120);
  }

  function controls() {
    const select = at("lane");
    data.lanes.forEach((each, n) => select.add(new Option(each.title, n)));
    select.onchange = () => show(Number(select.value));
    for (const [name, days] of [["all", 0], ["1 year", 365], ["3 months", 91], ["1 month", 30], ["1 week", 7]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.onclick = () => {
        const [start, end] = whole(), middle = Math.min(end - days * DAY / 2, (view[0] + view[1]) / 2);
        const to = view[1] >= end ? end : middle + days * DAY / 2;
        view = days ? [Math.max(start, to - days * DAY), to] : [start, end];
        prices();
      };
      at("spans").append(button);
    }
  }

  // ---------------------------------------------------------------- distributions

  function histogram(id, values, title) {
    const sides = [[values.filter(each => each >= 0), "good", "won"], [values.filter(each => each < 0), "bad", "lost"]];
    const low = Math.min(0, ...values), high = Math.max(0, ...values), size = Math.max(1e-5, (high - low) / 60);
    Plotly.react(id, sides.map(([x, hue, name]) => ({ type: "histogram", x, name, xbins: { start: Math.floor(low / size) * size, end: high + size, size },
      marker: { color: colour(hue) }, hovertemplate: "%{x}: %{y}" })),
      layout({ barmode: "overlay", hovermode: "closest", xaxis: { tickformat: ".1%", title: { text: title } }, yaxis: { title: { text: "count" } }, showlegend: false, bargap: .08, margin: { l: 56, r: 12, t: 8, b: 42 } }), config);
  }

  function rolling() {
    Plotly.react("rolling", [{ x: data.rolling.map(each => each[0]), y: data.rolling.map(each => each[1]), type: "scatter", mode: "lines", name: "Sharpe",
      line: { color: colour("info"), width: 1.4 }, hovertemplate: "%{y:.2f}" }],
      layout({ xaxis: { type: "date" }, yaxis: { title: { text: `of ${data.rolling_days} days` }, zeroline: true, zerolinecolor: colour("quiet") }, showlegend: false }), config);
  }

  // ---------------------------------------------------------------- trades

  let place = 0;
  const cells = [
    ["opened", each => when(each.opened)], ["closed", each => when(each.closed)], ["symbol", each => each.symbol], ["strategy", each => each.strategy],
    ["quantity", each => price(each.quantity)], ["entry", each => price(each.entry)], ["exit", each => price(each.exit)], ["stop", each => price(each.stop)],
    ["target", each => price(each.target)], ["profit", each => each.profit.toFixed(2)], ["of the stake", each => percent(each.ratio)],
    ["costs", each => each.costs.toFixed(2)], ["ended by", each => each.reason], ["because", each => each.because[0] ?? ""],
  ];

  function add(parent, tag, text, kind) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    parent.append(made);
    return made;
  }

  function list() {
    const box = at("trades");
    box.replaceChildren();
    const bar = add(box, "div", undefined, "bar"), turn = by => { place += by; list(); };
    const back = add(bar, "button", "earlier"), next = add(bar, "button", "later");
    back.disabled = place === 0;
    next.disabled = place + PAGE >= trades.length;
    back.onclick = () => turn(-PAGE);
    next.onclick = () => turn(PAGE);
    const last = Math.min(place + PAGE, trades.length);
    add(bar, "span", trades.length ? `${place + 1} to ${last} of ${trades.length}; a click shows the trade in the chart` : "no trades", "quiet");
    const table = add(add(box, "div", undefined, "wide"), "table"), head = add(table, "tr");
    for (const [name] of cells) add(head, "th", name);
    for (const each of trades.slice(place, last)) {
      const row = add(table, "tr");
      row.title = each.because.join("\n");
      for (const [name, say] of cells) add(row, "td", say(each), name === "because" ? "because" : name === "profit" ? (each.profit > 0 ? "good" : "bad") : "");
      row.onclick = () => {
        const index = data.lanes.findIndex(one => one.symbol === each.symbol && one.strategy === each.strategy);
        const margin = Math.max(data.lanes[index].step * 60, (each.closed - each.opened));
        show(index, [each.opened - margin, each.closed + margin]);
        at("why").textContent = each.because.join(" ");
        at("prices").scrollIntoView({ behavior: "smooth", block: "center" });
      };
    }
  }

  // ---------------------------------------------------------------- light and dark

  const dark = matchMedia("(prefers-color-scheme: dark)");
  function dress(theme) { document.documentElement.dataset.theme = theme; }
  function draw() {
    equity();
    if (lane) prices();
    rolling();
    histogram("trades-returns", trades.map(each => each.ratio), "of the stake");
    histogram("days-returns", data.days.filter(each => each !== 0), "of equity; days without a change are left out");
  }
  dress(dark.matches ? "dark" : "light");
  dark.onchange = () => { dress(dark.matches ? "dark" : "light"); draw(); };
  at("theme").onclick = () => { dress(document.documentElement.dataset.theme === "dark" ? "light" : "dark"); draw(); };

  controls();
  draw();
  list();
  if (data.lanes.length) {
    await show(0);
    at("prices").on("plotly_relayout", moved);
  }
  document.documentElement.dataset.ready = "yes";
})();
