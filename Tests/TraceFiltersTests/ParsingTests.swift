import Testing
import TraceFilters

@Suite struct `A filter expression` {
  /// The examples of the X-Ray developer guide and of those who use it, with their canonical form where it differs.
  static let examples: [(String, String?)] = [
    ("ok", nil), ("!ok", nil), ("ok = false", nil), ("fault", nil), ("service() { fault }", nil),
    (#"service("api.example.com") { fault }"#, nil),
    (#"service(id(name: "fn", type: "AWS::Lambda::Function")) { error }"#, nil),
    (#"service(id(type: "AWS::Lambda::Function")) { error }"#, nil),
    (#"service(id(account.id: "123456789012"))"#, nil),
    (
      #"service("data-plane") { root = true and fault = true }"#,
      #"service("data-plane") { root = true AND fault = true }"#
    ),
    (#"edge("a", "b")"#, nil), (#"edge("a", "b") { error }"#, nil),
    (
      #"edge(id(name: "a", type: "AWS::EC2::Instance"), id(name: "b", type: "remote")) { responsetime > 1 }"#, nil
    ),
    (#"!service("legacy")"#, nil), ("responsetime > 5", nil), ("duration >= 5 AND duration <= 8", nil),
    ("ok !partial duration <3", "ok AND !partial AND duration < 3"), ("http.status != 200", nil),
    (#"http.url BEGINSWITH "http://x/" AND http.url CONTAINS "/v2/" AND !service("x")"#, nil),
    (#"http.method = "POST" OR http.method = "PUT""#, nil), (#"http.clientip = "10.0.0.7""#, nil),
    (#"user = "alice""#, nil), (#"user CONTAINS """#, nil), (#"annotation.gameid = "817DL6VO""#, nil),
    ("annotation.age > 29", nil), ("annotation.beta = true", nil), ("annotation.age", nil), ("!annotation.age", nil),
    (#"annotation[aws.local.operation] = "GET /x""#, nil), (#"instance.id = "i-0b5a""#, nil),
    (#"availabilityzone BEGINSWITH "us-west-2""#, nil), (#"resource.arn ENDSWITH ":function:f""#, nil),
    (#"group.name = "slow" AND user = "alice""#, nil), (#"rootcause.fault.service { name = "Auth" }"#, nil),
    (
      #"rootcause.responsetime.service { last and type = "AWS::DynamoDB" }"#,
      #"rootcause.responsetime.service { last AND type = "AWS::DynamoDB" }"#
    ),
    ("rootcause.responsetime.entity { last AND coverage > 0.8 }", nil),
    (#"rootcause.fault.entity { last AND name = "deserialize" }"#, nil),
    (#"rootcause.fault.exception { last AND message = "Access Denied" }"#, nil),
    ("rootcause.fault.service { index > 5 }", nil),
    (
      ##"rootcause.json = #[{"Services":[{"Name":"A","EntityPath":[{"Name":"A"},{"Name":"q"}]},{"Name":"B"}]}]"##, nil
    ),
    (#"fault = true AND http.url CONTAINS "example/game" AND responsetime >= 5"#, nil),
  ]

  @Test(arguments: examples)
  func `of the guide is read and written`(text: String, canonical: String?) throws {
    let expression = try FilterExpression(parsing: text)
    #expect(expression.description == canonical ?? text)
    #expect(try FilterExpression(parsing: expression.description) == expression)
  }

  @Test(arguments: [
    ("ok OR fault error", "ok OR fault AND error"), ("(ok OR fault) error", "(ok OR fault) AND error"),
    ("ok fault OR error", "ok AND fault OR error"), ("ok AND (fault AND error)", "ok AND fault AND error"),
    ("(ok OR fault) OR error", "ok OR fault OR error"), ("!ok fault", "!ok AND fault"),
    ("!(ok fault)", "!(ok AND fault)"), ("NOT ok OR fault", "!ok OR fault"),
    ("not (ok or fault) and error", "!(ok OR fault) AND error"), ("!!ok", "!!ok"), ("((ok))", "ok"), ("!(ok)", "!ok"),
    ("ok!fault", "ok AND !fault"), ("ok(fault)error", "ok AND fault AND error"),
    ("service { ok OR fault error }", "service() { ok OR fault AND error }"),
  ])
  func `binds NOT tighter than AND tighter than OR`(text: String, canonical: String) throws {
    #expect(try FilterExpression(parsing: text).description == canonical)
  }

  @Test(arguments: [
    ("RESPONSETIME>5", "responsetime > 5"), ("ResponseTime > 2", "responsetime > 2"),
    ("http.URL contains \"a\"", "http.url CONTAINS \"a\""), ("Fault = TRUE And Not Ok", "fault = true AND !ok"),
    (#"SERVICE(ID(Name:"x" , TYPE :"y")){FAULT}"#, #"service(id(name: "x", type: "y")) { fault }"#),
    (#"service(id(name: "x"))"#, #"service("x")"#), ("service", "service()"), ("Edge { ok }", "edge { ok }"),
    ("Annotation.Key", "annotation.Key"), (#"annotation["a.b"]"#, "annotation[a.b]"),
    ("annotation[plain] = 1", "annotation.plain = 1"), (#"annotation["a b\"]"] = 1"#, #"annotation["a b\"]"] = 1"#),
    (
      "rootcause.fault.service { inferred and name = traces }",
      #"rootcause.fault.service { inferred AND name = "traces" }"#
    ),
    ("responsetime > 1e-3", "responsetime > 0.001"), ("duration < +2.50", "duration < 2.5"),
    ("annotation.delta = -4", "annotation.delta = -4"), ("annotation.big = 1E30", "annotation.big = 1e+30"),
    (#"user = "50%_*""#, #"user = "50%_*""#), (#"user = "a\"b\\c""#, #"user = "a\"b\\c""#),
    (#"user = "C:\temp""#, #"user = "C:\\temp""#), ("user=\"å\u{301}\n\"", "user = \"å\u{301}\n\""),
    (
      "edge(\"a\",\"b\"){source.annotation.x = 1 destination.annotation[y.z]}",
      #"edge("a", "b") { source.annotation.x = 1 AND destination.annotation[y.z] }"#
    ),
    (##"ROOTCAUSE.JSON != # [ { "Services" : [ ] } ]"##, ##"rootcause.json != #[{"Services":[]}]"##),
    (#"group.arn = "arn:aws:xray:::group/g""#, #"group.arn = "arn:aws:xray:::group/g""#), ("  \n\t ", ""), ("", ""),
  ])
  func `has one canonical form`(text: String, canonical: String) throws {
    let expression = try FilterExpression(parsing: text)
    #expect(expression.description == canonical)
    #expect(try FilterExpression(parsing: canonical) == expression)
  }

  @Test func `that is empty is the one that all traces match`() throws {
    #expect(try FilterExpression(parsing: "") == .all)
    #expect(try FilterExpression(parsing: "ok") != .all)
  }
}

@Suite struct `A filter expression is refused` {
  @Test(arguments: [
    ("annotation.tenant EXISTS", 19, #""EXISTS""#, "EXISTS follows an annotation"),
    ("http.status_code >= 500", 1, #""http.status_code""#, "unknown keyword"),
    ("http.status = 5xx", 15, #""5xx""#, "no number"),
    ("http.status = \"200\"", 15, "\"\"200\"\"", "text for a number"),
    ("fault = \"true\"", 9, "\"\"true\"\"", "text for a boolean"), ("fault > true", 7, #"">""#, "order of booleans"),
    ("http.url < \"a\"", 10, #""<""#, "order of texts"), ("http.url = 5", 12, #""5""#, "number for a text"),
    ("user = true", 8, #""true""#, "boolean for a text"), ("annotation.a = b", 16, #""b""#, "no quotes"),
    ("annotation.a > \"x\"", 16, "\"\"x\"\"", "order of texts"),
    ("annotation.a CONTAINS 5", 23, #""5""#, "part of a number"),
    ("annotation.a.b = 1", 13, "\".b\"", "dots without brackets"), ("annotation. = 1", 12, "nothing", "no key"),
    ("annotation[] = 1", 12, #""]""#, "no key"), ("annotation = 1", 12, #""=""#, "no key"),
    ("service('x')", 9, #""'""#, "single quotes"),
    ("service(\"x)", 9, "a string without its closing quote", "open string"),
    ("service(\"{\"Type\":\"Service\"}\")", 12, #""Type""#, "quotes in quotes"),
    ("service(x)", 9, #""x""#, "no quotes"), ("service(id())", 12, #"")""#, "no parts"),
    (#"service(id(name: "a", name: "b"))"#, 23, #""name""#, "part twice"),
    (#"service("a") {}"#, 15, #""}""#, "no conditions"),
    (#"service("a") { root"#, 20, "the end", "open brace"),
    (#"service("a") { service("b") }"#, 16, #""service""#, "scope"),
    (#"edge("a")"#, 9, #"")""#, "one end"), (#"edge("a", "b") { filter }"#, 18, #""filter""#, "unknown keyword"),
    (#"edge("a", "b") { root }"#, 18, #""root""#, "scope"),
    ("source.annotation.a", 1, #""source.annotation.a""#, "scope"),
    ("root", 1, #""root""#, "scope"), ("name = \"x\"", 1, #""name""#, "scope"),
    ("coverage > 1", 1, #""coverage""#, "scope"),
    ("rootcause.fault.entity { coverage > 0.5 }", 26, #""coverage""#, "scope"),
    ("rootcause.fault.service { remote }", 27, #""remote""#, "scope"),
    ("rootcause.fault.service", 24, "the end", "no braces"),
    ("rootcause.fault.thing { last }", 1, #""rootcause.fault.thing""#, "unknown part"),
    ("rootcause..fault.service { last }", 1, #""rootcause..fault.service""#, "empty part"),
    ("rootcause.json = []", 18, #""[""#, "no sign"), ("rootcause.json = #[]", 19, "the end", "no root causes"),
    ("rootcause.json = #[{]", 21, #""]""#, "no JSON"), ("rootcause.json = #[{\"a\": 1}", 19, #""[""#, "open bracket"),
    ("group.name > \"a\"", 12, #"">""#, "operator"), ("group.name", 11, "the end", "no value"),
    ("(ok", 4, "the end", "open"),
    ("ok)", 3, #"")""#, "closed"), ("ok AND", 7, "the end", "no term"), ("ok OR OR ok", 7, #""OR""#, "no term"),
    ("AND ok", 1, #""AND""#, "no term"), ("!", 2, "the end", "no term"), ("duration >", 11, "the end", "no value"),
    ("duration > 1e999", 12, #""1e999""#, "not finite"), ("duration > 0x10", 12, #""0x10""#, "hexadecimal"),
    ("duration > nan", 12, #""nan""#, "no number"), ("ok; fault", 3, #"";""#, "odd sign"),
    ("ök", 1, #""ö""#, "odd letter"),
    ("user = \"é\u{1F469}\u{200D}\u{1F680}\" = 1", 13, #""=""#, "columns are characters"),
    ("ok == true", 5, #""=""#, "operator"),
  ])
  func `at the column where it goes wrong`(text: String, column: Int, found: String, _: String) throws {
    let error = try #require(throws: FilterError.self) { try FilterExpression(parsing: text) }
    #expect(error.column == column && error.found == found, "\(error)")
    #expect(!error.expected.isEmpty)
  }

  @Test func `with a message that points at the place`() throws {
    func message(_ text: String) throws -> String {
      try #require(throws: FilterError.self) { try FilterExpression(parsing: text) }.description
    }
    #expect(
      try message("annotation.tenant EXISTS") == """
        annotation.tenant EXISTS
                          ^ expected an operator (=, !=, …), another term or the end, found "EXISTS"
        """)
    #expect(
      try message(#"rootcause.fault.exception { last and message = "x" "#) == """
        rootcause.fault.exception { last and message = "x" 
                                                           ^ expected another term or }, found the end
        """)
    #expect(
      try message(#"edge("a", "b") { filter }"#) == """
        edge("a", "b") { filter }
                         ^ expected a term (ok, error, throttle, …), found "filter"
        """)
    #expect(
      try message("ok AND\nresponsetime > fast") == """
        ok AND responsetime > fast
                              ^ expected a number, found "fast"
        """)
    let long = try message(String(repeating: "fault OR ", count: 500) + "fast").split(separator: "\n")
    #expect(long.count == 2 && long[0].hasSuffix("OR fast") && long[0].count < 120)
    #expect(long[1].firstIndex(of: "^")?.utf16Offset(in: long[1]) == long[0].count - 4)
  }

  @Test func `with everything that could have stood there`() throws {
    let error = try #require(throws: FilterError.self) { try FilterExpression(parsing: "ok EXISTS") }
    for token in ["=", "!=", "AND", "OR", "http.status", "annotation.", "service", "!", "the end"] {
      #expect(error.expected.contains(token))
    }
    #expect(!error.expected.contains("<") && !error.expected.contains("coverage") && !error.expected.contains(")"))
  }

  @Test func `when it is too long or too deep`() throws {
    let limit = FilterExpression.lengthLimit
    let longest = "user = \"" + String(repeating: "x", count: limit - 9) + "\""
    #expect(try FilterExpression(parsing: longest).description.utf8.count == limit)
    for text in [longest + " ", "user=\"" + String(repeating: "\\ ", count: limit / 2 - 10) + "\""] {
      let error = try #require(throws: FilterError.self) { try FilterExpression(parsing: text) }
      #expect(error.reason == "expected at most 20000 bytes, found a longer expression")
    }
    for (open, close) in [("(", ")"), ("!", ""), ("!(", ")")] {
      let depth = FilterExpression.depthLimit / open.count
      func nested(_ levels: Int) -> String {
        String(repeating: open, count: levels) + "ok" + String(repeating: close, count: levels)
      }
      _ = try FilterExpression(parsing: nested(depth))
      let error = try #require(throws: FilterError.self) { try FilterExpression(parsing: nested(depth + 1)) }
      #expect(error.column == 129 && error.expected == ["at most 128 levels of nesting"])
    }
  }
}
