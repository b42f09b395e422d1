extension HTMLReport {
  /// The page's rules; the colours are custom properties.
  static let style = #"""
    *,*::before,*::after{box-sizing:border-box}
    html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--background);color:var(--text);
      font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
    [hidden]{display:none!important}
    h1,h2,h3,p,dl,dd,ol,ul,figure{margin:0;padding:0}
    ol,ul{list-style:none}
    h1{font-size:26px;line-height:1.25;letter-spacing:-.015em;font-weight:680;overflow-wrap:anywhere}
    h2{font-size:17px;font-weight:660;letter-spacing:-.005em}
    h3{font-size:15px;font-weight:660;overflow-wrap:anywhere}
    a{color:var(--accent)}
    bdi{unicode-bidi:isolate}
    :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:6px}
    main{max-width:1440px;margin:0 auto;padding:24px 24px 64px}
    main h1:focus{outline:none}
    .masthead{position:sticky;top:0;z-index:5;display:flex;align-items:center;gap:20px;padding:0 24px;height:52px;
      background:var(--surface);border-bottom:1px solid var(--line)}
    .brand{display:flex;align-items:center;gap:9px;font-weight:700;color:var(--text);text-decoration:none}
    .brand svg{color:var(--accent)}
    .masthead nav{display:flex;gap:18px;margin-right:auto}
    .masthead nav a{white-space:nowrap;color:var(--muted);text-decoration:none;font-weight:550}
    .masthead nav a:hover{color:var(--text)}
    button,select,input{font:inherit;color:inherit}
    button,.button,select,input[type=search]{border:1px solid var(--line);background:var(--surface);border-radius:8px;
      padding:5px 12px;min-height:34px}
    button,.button,select{cursor:pointer}
    .button{display:inline-flex;align-items:center;text-decoration:none;color:var(--text);font-weight:550}
    button:hover,.button:hover,select:hover{background:var(--raised)}
    .button[aria-disabled=true]{opacity:.45;pointer-events:none}
    .quiet{color:var(--muted);font-size:13px;padding:3px 10px;min-height:30px}
    .panel{background:var(--surface);border:1px solid var(--line);border-radius:14px;padding:20px;margin-top:20px;
      min-width:0;scroll-margin-top:68px}
    .panel-head{display:flex;flex-wrap:wrap;align-items:center;gap:8px 18px;margin-bottom:14px}
    .panel-head .buttons{margin-left:auto;display:flex;gap:6px}
    .hint,.legend{color:var(--muted);font-size:13px;overflow-wrap:anywhere}
    .legend{display:flex;flex-wrap:wrap;gap:4px 14px}
    .empty{color:var(--muted);text-align:center;padding:36px 12px}
    .note{background:var(--raised);border-radius:8px;padding:8px 12px;font-size:13.5px;margin-bottom:12px}
    .summary{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,500px),1fr));gap:0 20px}
    .summary h2{margin-bottom:14px}
    .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(112px,1fr));gap:10px;margin-bottom:16px}
    .tile{border-radius:10px;background:var(--raised);padding:9px 12px;display:flex;flex-direction:column;
      border-left:4px solid transparent}
    .tile .value{white-space:nowrap;font-size:20px;font-weight:680;letter-spacing:-.01em;
      font-variant-numeric:tabular-nums}
    .tile .label{color:var(--muted);font-size:12.5px}
    .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,140px),1fr));gap:10px 20px}
    .facts dt{color:var(--muted);font-size:12.5px}
    .facts dd{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
    .verdict{font-size:14px;margin-bottom:12px;font-weight:550}
    .table-scroll,.map-scroll{overflow:auto}
    table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
    th,td{padding:7px 0 7px 12px;text-align:right;border-top:1px solid var(--line);vertical-align:top;
      white-space:nowrap}
    thead th{border-top:0;color:var(--muted);font-weight:550;font-size:12.5px}
    th:first-child{text-align:left;padding-left:0}
    th:last-child,td:last-child{padding-right:0}
    td small{display:block;color:var(--muted)}
    .verdict.ok,.ok .value{color:var(--ok)} .verdict.fault,.fault .value{color:var(--fault)}
    .error .value{color:var(--error)} .throttle .value{color:var(--throttle)}
    .in-progress .value{color:var(--pending)}
    .tile.ok{border-color:var(--ok)} .tile.error{border-color:var(--error)} .tile.throttle{border-color:var(--throttle)}
    .tile.fault{border-color:var(--fault)} .tile.in-progress{border-color:var(--pending)}

    .map-body{display:grid;grid-template-columns:minmax(0,1fr);gap:16px}
    .map-details .facts{grid-template-columns:repeat(auto-fill,minmax(110px,1fr));gap:6px 14px;font-size:14px}
    .map-scroll{background:var(--background);border-radius:10px;max-height:640px;min-height:120px}
    .map-scroll .service-map{margin:0 auto}
    .node,.edge{cursor:pointer}
    .node:focus,.edge:focus{outline:none}
    .node:hover .card,.node:focus .card,.node.chosen .card{stroke:var(--accent);stroke-width:2}
    .edge:hover .wire,.edge:focus .wire,.edge.chosen .wire{stroke:var(--accent);stroke-width:2.5;stroke-opacity:1}
    .edge:hover .head,.edge:focus .head,.edge.chosen .head{fill:var(--accent)}
    .trace-map .node{cursor:default}
    .map-details{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,260px),1fr));gap:12px 32px;
      align-items:start;min-width:0}
    .map-details section{display:grid;gap:8px}
    .map-details .button{justify-self:start}
    .shares{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13.5px;font-variant-numeric:tabular-nums}
    .shares li{display:flex;gap:8px;align-items:baseline}
    .distribution svg{width:100%;max-width:340px;display:block;border-bottom:1px solid var(--line)}
    .distribution rect{fill:var(--accent);opacity:.8}
    .distribution figcaption{max-width:340px;display:flex;justify-content:space-between;font-size:12px;
      color:var(--muted)}

    .filters{display:flex;flex-wrap:wrap;gap:8px;margin-bottom:12px}
    .filters input{flex:1 1 100%;min-width:0}
    .filters .chips{margin-right:auto}
    .filters select{max-width:min(100%,260px)}
    .chips{display:flex;flex-wrap:wrap;gap:6px}
    .chip{display:inline-flex;gap:7px;align-items:center;border-radius:17px}
    .chip[aria-pressed=true]{background:var(--raised);border-color:var(--text)}
    .chip .count{color:var(--muted);font-size:12.5px;font-variant-numeric:tabular-nums}
    #service-filter{border-color:var(--accent)}
    .traces{border-top:1px solid var(--line)}
    .trace-row{border-bottom:1px solid var(--line);content-visibility:auto;contain-intrinsic-size:auto 58px}
    .trace-row a{display:grid;grid-template-columns:112px minmax(0,1fr) 44px 130px 104px;gap:2px 14px;
      align-items:center;
      padding:8px 6px;color:inherit;text-decoration:none;border-radius:8px}
    .trace-row a:hover{background:var(--raised)}
    .subject{min-width:0;display:flex;flex-wrap:wrap;gap:2px 8px;align-items:center}
    .method{color:var(--muted);font-weight:600;font-size:.88em}
    .what{font-weight:600;overflow-wrap:anywhere}
    .subject .id{flex-basis:100%;color:var(--muted);font:12px ui-monospace,SFMono-Regular,Menlo,monospace;
      overflow-wrap:anywhere}
    .code,.took,.trace-row time{text-align:right;font-variant-numeric:tabular-nums;font-size:14px}
    .trace-row time{color:var(--muted);font-size:13px}
    .meter{display:block;height:4px;border-radius:2px;background:var(--raised);margin-top:3px;overflow:hidden}
    .meter::after{content:"";display:block;height:100%;width:max(2px,var(--share));border-radius:2px;
      background:var(--muted)}

    .trace-nav{display:flex;gap:8px;margin-bottom:18px}
    .trace-nav .button:first-child{margin-right:auto}
    .trace-head{display:grid;gap:10px;margin-bottom:18px}
    .trace-head .identity{color:var(--muted);font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
      overflow-wrap:anywhere}
    .trace-head .facts{grid-template-columns:repeat(auto-fill,minmax(110px,1fr))}
    .tags{display:flex;flex-wrap:wrap;gap:6px 10px;align-items:center}
    .trace-body{display:grid;gap:20px;grid-template-columns:minmax(0,1fr)}
    .trace-map{margin-bottom:14px}
    .trace-map summary{cursor:pointer;color:var(--muted);font-size:14px;padding:4px 0}
    #trace-content,#details{min-width:0}
    @media (min-width:1180px){.trace-body{grid-template-columns:minmax(0,1fr) 350px}
      #details{position:sticky;top:72px;align-self:start;max-height:calc(100vh - 92px);overflow:auto}}

    @media (max-width:820px){
      main{padding:18px 14px 48px}
      .masthead{padding:0 14px;gap:14px}
      .masthead nav{gap:14px;font-size:14px}
      .panel{padding:16px 14px}
      .trace-row a{grid-template-columns:auto minmax(0,1fr) auto;gap:4px 12px}
      .trace-row .subject{grid-column:1/-1;order:-1}
      .trace-row .code{display:none}
      .trace-row time{text-align:left;order:1}
      .trace-row .took{order:2;min-width:104px}
    }
    """# + detailsStyle

  private static let detailsStyle = #"""

    #details{background:var(--surface);border:1px solid var(--line);border-radius:14px;padding:16px}
    #details h2{overflow-wrap:anywhere}
    .tabs{display:flex;flex-wrap:wrap;gap:2px;margin:12px 0;border-bottom:1px solid var(--line)}
    .tabs button{border:0;background:none;border-radius:8px 8px 0 0;padding:5px 6px;font-size:13px;color:var(--muted);
      border-bottom:2px solid transparent;margin-bottom:-1px}
    .tabs button[aria-selected=true]{color:var(--text);font-weight:600;border-bottom-color:var(--accent)}
    .tabs .count{font-size:11.5px;background:var(--raised);border-radius:8px;padding:0 5px;margin-left:3px}
    .pairs{display:grid;grid-template-columns:minmax(96px,34%) minmax(0,1fr);gap:6px 14px;font-size:14px}
    .pairs dt{color:var(--muted);overflow-wrap:anywhere}
    .pairs dd{overflow-wrap:anywhere;white-space:pre-wrap}
    .pairs h3{grid-column:1/-1;font-size:13px;margin-top:10px}
    .type{color:var(--muted);font-size:12px;margin-left:8px}
    pre{margin:0;font:12.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;
      overflow-wrap:anywhere;background:var(--background);border-radius:8px;padding:10px 12px;max-height:70vh;
      overflow:auto}
    .exception{border-left:3px solid var(--fault);padding-left:12px;margin-bottom:16px}
    .exception .message{overflow-wrap:anywhere;white-space:pre-wrap;margin:2px 0 8px}
    .exception .remote{margin-left:8px}
    .stack{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
    .stack li{padding:3px 0;border-top:1px solid var(--line)}
    .stack .where{color:var(--muted);display:block}
    .row-actions{display:flex;gap:8px;margin-bottom:8px}
    @media print{.masthead,.filters,.buttons,.trace-nav{display:none}}
    """#
}
