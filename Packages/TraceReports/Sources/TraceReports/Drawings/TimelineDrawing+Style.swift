extension TimelineDrawing {
  /// The rules that ``fragment`` needs, and those of the statuses and tags that pages show elsewhere too; colours are
  /// the custom properties of ``HTMLReport/colors``.
  public static let stylesheet = #"""
    .status{display:inline-flex;align-items:baseline;gap:6px;font-weight:600;font-size:13px;white-space:nowrap}
    .status .symbol{font-size:.92em;min-width:1em;text-align:center}
    .status.ok{color:var(--ok)} .status.error{color:var(--error)} .status.throttle{color:var(--throttle)}
    .status.fault{color:var(--fault)} .status.in-progress{color:var(--pending)}
    .tag{display:inline-block;font-size:11.5px;line-height:18px;padding:0 7px;border-radius:9px;
      background:var(--raised);
      color:var(--muted);font-weight:550;white-space:nowrap;max-width:240px;overflow:hidden;text-overflow:ellipsis;
      vertical-align:middle}
    .tag.status{background:none;border:1px solid currentColor;line-height:16px;font-size:11.5px}
    .tag.cold-start{color:var(--pending);background:color-mix(in srgb,var(--pending) 14%,transparent)}
    .tag.linked{color:var(--accent);background:color-mix(in srgb,var(--accent) 12%,transparent)}
    .tag.scenario{color:var(--accent);background:color-mix(in srgb,var(--accent) 12%,transparent)}
    .tag.late{color:var(--error);background:color-mix(in srgb,var(--error) 13%,transparent)}
    .timeline{background:var(--surface);border:1px solid var(--line);border-radius:14px;overflow:hidden;
      padding-bottom:6px}
    .tl-head,.tl-row{display:grid;grid-template-columns:minmax(180px,38%) 38px 96px 76px minmax(0,1fr);gap:0 8px;
      align-items:center;padding:0 14px 0 8px}
    .tl-head{position:sticky;top:0;color:var(--muted);font-size:12.5px;font-weight:550;height:36px;
      border-bottom:1px solid var(--line)}
    .tl-head .tl-name{padding-left:24px}
    .tl-head .tl-duration,.tl-head .tl-code{text-align:right;color:inherit;font-size:inherit}
    .tl-row{min-height:34px;cursor:pointer;font-size:14px}
    .tl-row:hover{background:color-mix(in srgb,var(--raised) 70%,transparent)}
    .tl-row[aria-selected=true]{background:color-mix(in srgb,var(--accent) 13%,transparent)}
    .tl-row:focus-visible{outline-offset:-2px}
    .tl-name{display:flex;align-items:baseline;gap:6px;min-width:0;overflow:hidden;
      padding-left:calc(var(--depth,0)*16px)}
    .tl-name .label{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;flex:0 0 auto;max-width:78%}
    .tl-name .kind{color:var(--muted);font-size:12px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;
      flex:0 1 auto;min-width:0}
    .tl-name .tag{flex:0 0 auto}
    .tl-name:has(.tag) .label{max-width:calc(100% - 92px)}
    .tl-row.segment .label{font-weight:660}
    .tl-row.inferred .label{color:var(--muted);font-style:italic}
    .twist,.leaf{flex:0 0 16px;text-align:center;color:var(--muted);font-size:11px}
    .twist::before{content:"▾"} [aria-expanded=false]>.tl-name .twist::before{content:"▸"}
    .tl-code,.tl-duration{text-align:right;font-variant-numeric:tabular-nums;color:var(--muted);font-size:13px}
    .tl-duration{color:var(--text)}
    .tl-row .tl-status .status{font-size:12.5px}
    .tl-row.ok .status .word{color:var(--muted);font-weight:500}
    .tl-bar{position:relative;height:100%;min-height:22px;min-width:0}
    .tl-row .tl-bar{background:repeating-linear-gradient(90deg,
      color-mix(in srgb,var(--line) 55%,transparent) 0 1px,transparent 1px var(--step))}
    .tick{position:absolute;top:8px;white-space:nowrap;padding-left:5px;border-left:1px solid var(--line)}
    .timeline{--fill:var(--ok)}
    .tl-row.error{--fill:var(--error)} .tl-row.throttle{--fill:var(--throttle)} .tl-row.fault{--fill:var(--fault)}
    .tl-row.in-progress{--fill:var(--pending)}
    .tl-row .bar{position:absolute;top:50%;height:10px;margin-top:-5px;min-width:3px;border-radius:3px;
      background:var(--fill);opacity:.78;max-width:100%}
    .tl-row.segment .bar{height:14px;margin-top:-7px;opacity:1}
    .tl-row.call .bar{opacity:1}
    .tl-row.inferred .bar{background:none;box-shadow:inset 0 0 0 1.5px var(--fill);opacity:.7}
    .tl-row.cold-start .bar{opacity:1;background:repeating-linear-gradient(135deg,var(--pending) 0 4px,
      color-mix(in srgb,var(--pending) 45%,var(--surface)) 4px 8px)}
    .tl-row.dwell .bar{opacity:1;background:repeating-linear-gradient(90deg,var(--muted) 0 2px,transparent 2px 6px);
      box-shadow:inset 0 0 0 1px var(--muted)}
    .tl-row .bar.open{border-radius:3px 0 0 3px;min-width:14px;
      background:linear-gradient(90deg,var(--fill),color-mix(in srgb,var(--fill) 12%,transparent))}
    .tl-row .bar.open::after{content:"›";position:absolute;right:0;top:-6px;font-weight:700;color:var(--fill)}
    .parent-end{position:absolute;top:4px;bottom:4px;width:0;border-left:2px dotted var(--text);opacity:.65}
    @media (max-width:820px){
      .tl-head{display:none}
      .tl-row{grid-template-columns:minmax(0,1fr) auto auto auto;padding:6px 10px 7px 4px;gap:0 8px;
        border-top:1px solid color-mix(in srgb,var(--line) 55%,transparent)}
      .tl-row .tl-status .word{display:none}
      .tl-row .tl-bar{grid-column:1/-1;margin-left:20px;min-height:16px}
      .tl-name{padding-left:calc(min(var(--depth,0),6)*10px)}
    }
    """#
}
