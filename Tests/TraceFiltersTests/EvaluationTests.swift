import Testing
import TraceFilters
import Traces
import XRayModel

@Suite struct `A trace matches` {
  @Test(arguments: [
    // The root answered 502: what its callees did does not count.
    ("fault", true), ("ok", false), ("!ok", true), ("ok = false", true), ("ok != true", true), ("fault != false", true),
    ("error", false), ("throttle", false), ("partial", false), ("inferred", true), ("inferred = false", false),
    ("responsetime > 7", true), ("responsetime >= 7.25", true), ("responsetime > 7.25", false),
    ("responsetime = 7.25", true), ("responsetime", true), ("duration <= 7.25", true), ("duration != 7.25", false),
    ("http.status = 502", true), ("http.status != 200", true), ("http.status < 502", false), ("http.status", true),
    (#"http.url BEGINSWITH "https://shop.example/" AND http.url CONTAINS "/v2/""#, true),
    (#"http.url ENDSWITH "/orders""#, true), (#"http.url ENDSWITH "x/v2/ordershttps://shop.example/v2/orders""#, false),
    (#"http.url CONTAINS "/v3/""#, false), (#"http.url CONTAINS "SHOP""#, false), (#"http.url CONTAINS "%""#, false),
    (#"http.method = "POST" OR http.method = "PUT""#, true), (#"http.method = "post""#, false),
    (#"http.useragent CONTAINS "curl""#, true), (#"http.clientip = "10.0.0.7""#, true),
    (#"http.clientip != "10.0.0.7""#, false),
    // Of any segment.
    (#"user = "alice""#, true), (#"user = "bob""#, true), (#"user != "alice""#, true), (#"!(user = "alice")"#, false),
    (#"user CONTAINS """#, true), ("user", true), (#"instance.id = "i-0b5a""#, true),
    (#"availabilityzone BEGINSWITH "us-west-2""#, true), (#"resource.arn ENDSWITH "/i-0b5a""#, true),
    ("ok OR fault", true), ("fault AND (ok OR error)", false), ("ok AND error OR fault", true),
    ("fault !partial duration <8", true),
  ])
  func `by what its summary tells`(text: String, expected: Bool) throws {
    #expect(try matches(text) == expected)
    #expect(try matches("!(\(text))") == !expected)
  }

  @Test(arguments: [
    (#"annotation.tenant = "acme""#, true), (#"annotation.tenant = "umbrella""#, true),
    (#"annotation.tenant = "Acme""#, false),
    (#"annotation.Tenant"#, false), (#"annotation.tenant != "acme""#, true), (#"!annotation.tenant = "acme""#, false),
    ("annotation.age > 29", true), ("annotation.age = 45", true), (#"annotation.age = "45""#, false),
    (#"annotation.text_age = "45""#, true), ("annotation.text_age > 29", false), ("annotation.text_age != 46", false),
    ("annotation.beta = true", true), (#"annotation.beta = "true""#, false), ("annotation.beta", true),
    ("annotation.beta != true", false),
    ("annotation.old", false), ("!annotation.old", true), ("annotation.old = false", true),
    (#"annotation.old CONTAINS """#, true),
    ("annotation.age", true), (#"annotation.age CONTAINS """#, true), (#"annotation.none CONTAINS """#, false),
    ("annotation.none", false), ("!annotation.none", true), ("annotation.none != 1", false),
    ("!(annotation.none = 1)", true),
    (#"annotation[aws.operation] = "GET /x""#, true), ("annotation[aws:api_id]", true),
    (#"annotation["aws:api_id"] ENDSWITH "1""#, true),
    // Of a subsegment.
    ("annotation.attempt = 2", true), ("annotation.attempt >= 3", false),
  ])
  func `by its annotations, which are typed`(text: String, expected: Bool) throws {
    #expect(try matches(text) == expected)
  }

  @Test(arguments: [
    ("service", true), ("service()", true), (#"service("api")"#, true), (#"service("Api")"#, false),
    (#"service("ap")"#, false),
    (#"!service("legacy")"#, true), (#"service("orders")"#, true), (#"service("DynamoDB")"#, false),
    (#"service(id(type: "AWS::DynamoDB::Table"))"#, true), (#"service(id(name: "web", type: "client"))"#, true),
    (#"service(id(account.id: "123456789012"))"#, true),
    (#"service(id(name: "api", account.id: "123456789012"))"#, false),
    (#"service(id(name: "api", type: "AWS::Lambda"))"#, true),
    (#"service(id(name: "api", type: "AWS::EC2::Instance"))"#, false),
    ("service() { fault }", true), ("service() { ok }", false), ("service() { throttle }", true),
    ("service() { error }", true),
    (#"service("web") { throttle }"#, false), (#"service("web") { root = true and fault = true }"#, true),
    (#"service("api") { root }"#, false), (#"service("api") { !root fault }"#, true),
    ("service { inferred AND throttle }", true),
    ("service { inferred AND fault }", false), (#"service("orders") { http.status = 429 AND responsetime > 5 }"#, true),
    (#"service("api") { responsetime > 1.2 AND duration < 1.3 }"#, true),
    (#"service("api") { user = "alice" }"#, false),
    (#"service("api") { user = "bob" }"#, true), (#"service { name ENDSWITH "ders" type CONTAINS "Dynamo" }"#, true),
    (#"service { name = "web" type CONTAINS "Dynamo" }"#, false), ("service { partial }", false),
    (#"service("web") { http.method = "POST" instance.id = "i-0b5a" availabilityzone = "us-west-2c" }"#, true),
    (#"service("web") { resource.arn CONTAINS "ec2" annotation.attempt = 2 annotation.tenant = "acme" }"#, true),
    (#"service("api") { annotation.tenant = "acme" }"#, false), (#"!service("api") { ok }"#, true),
  ])
  func `by its services, each segment for itself`(text: String, expected: Bool) throws {
    #expect(try matches(text) == expected)
  }

  @Test(arguments: [
    ("edge", true), (#"edge("web", "api")"#, true), (#"edge("api", "web")"#, false), (#"edge("web", "orders")"#, true),
    (#"!edge("api", "orders")"#, true), (#"edge(id(type: "client"), "web")"#, true),
    (#"edge(id(name: "web", type: "AWS::EC2::Instance"), id(type: "AWS::Lambda"))"#, true),
    // The caller saw the call begin before the callee did, and gave its own status.
    (#"edge("web", "api") { responsetime >= 1.4 }"#, true), (#"edge("web", "api") { duration < 1.4 }"#, false),
    (#"edge("web", "api") { fault AND http.status = 503 AND http.method = "GET" }"#, true),
    (#"edge("web", "api") { error OR ok }"#, false), (#"edge("web", "orders") { throttle error }"#, true),
    ("edge { throttle AND fault }", false), (#"edge("web", "api") { annotation.attempt = 2 }"#, true),
    (#"edge("web", "api") { annotation.tenant }"#, false),
    (#"edge("web", "api") { source.annotation.tenant = "acme" }"#, true),
    (#"edge("web", "api") { source.annotation.tenant = "umbrella" }"#, false),
    (#"edge("web", "api") { destination.annotation.tenant = "umbrella" }"#, true),
    (#"edge("web", "api") { user = "bob" }"#, true),
    (#"edge("web", "orders") { user = "bob" }"#, false), (#"edge("web", "orders") { instance.id = "i-0b5a" }"#, true),
    (#"edge(id(type: "client"), "web") { http.status = 502 }"#, true), ("edge { partial }", false),
  ])
  func `by its edges, as the caller saw them`(text: String, expected: Bool) throws {
    #expect(try matches(text) == expected)
  }

  @Test func `not where something is missing`() throws {
    let running = Trace(.segment(1, "web", 0, nil))
    for text in [
      "responsetime", "responsetime > 0", "responsetime != 1", "http.status != 200", #"http.url != "x""#,
      #"user != "x""#,
      #"user CONTAINS """#, "annotation.a != 1", "inferred", "throttle", "fault", "service { responsetime }",
      "edge { !partial }",
    ] {
      #expect(try !matches(text, running), "\(text)")
    }
    for text in ["!responsetime", "!http.status", "!user", "partial", "ok", "service { partial }", "edge { partial }"] {
      #expect(try matches(text, running), "\(text)")
    }
  }

  @Test func `as throttled when its root was, whatever others were`() throws {
    func trace(_ root: Int?, isThrottle: Bool = false, callee: Int) -> Trace {
      let web = Entity.segment(1, "web") { entity in
        if let root { entity.answer(root) }
        entity.isThrottle = isThrottle
        entity.subsegments = [.call(2, "api")]
      }
      return Trace(web, .segment(3, "api", parent: 2) { $0.answer(callee) })
    }
    #expect(try matches("throttle AND error", trace(429, callee: 200)))
    #expect(try matches("throttle AND error", trace(nil, isThrottle: true, callee: 200)))
    #expect(try !matches("throttle", trace(200, callee: 429)))
    #expect(try !matches("throttle", trace(404, callee: 429)))
    #expect(try matches("service { throttle }", trace(404, callee: 429)))
  }

  @Test func `while segments of it are still to come`() throws {
    let orphan = Trace(.segment(1, "web", parent: 99))
    #expect(try matches("partial AND service { root AND partial } AND edge { partial }", orphan))
    let promised = Trace(
      .segment(1, "web") {
        $0.subsegments = [
          .call(2, "api") {
            $0.http = .init(request: .init()); $0.http?.request?.isTraced = true
          }
        ]
      })
    #expect(try matches(#"partial service("web") { partial } edge("web", "api") { partial }"#, promised))
    #expect(try !matches(#"service("api") { partial }"#, promised))
    let kept = Trace(id: testTrace, compiling: promised.segments.prefix(1) + [.segment(3, "api", parent: 2)])
    #expect(try !matches("partial OR service { partial } OR edge { partial }", kept))
  }

  @Test func `by where it was entered, whatever the clocks say`() throws {
    // The callee's clock is behind.
    let skewed = Trace(
      .segment(3, "api", 0, 50, parent: 2), .segment(1, "web", 5) { $0.subsegments = [.call(2, "api")] })
    #expect(try matches(#"service("web") { root } edge(id(type: "client"), "web")"#, skewed))
    #expect(try !matches(#"service("api") { root } OR edge(id(type: "client"), "api")"#, skewed))
    let two = Trace(.segment(1, "web"), .segment(2, "job", 20))
    #expect(try matches(#"service("web") { root } service("job") { root }"#, two))
  }

  @Test func `by all of its root causes' parts`() throws {
    for (text, expected) in [
      (#"rootcause.fault.service { name = "api" }"#, true), (#"rootcause.fault.service { name != "web" }"#, true),
      (#"rootcause.fault.service { first AND name = "web" }"#, true),
      (#"rootcause.fault.service { last AND name = "web" }"#, false),
      (#"rootcause.fault.service { last type = "AWS::Lambda" !inferred index = 1 }"#, true),
      ("rootcause.fault.service { index > 1 }", false),
      (#"rootcause.fault.entity { last AND name = "render" }"#, true),
      (#"rootcause.fault.entity { remote AND name = api }"#, true),
      (#"rootcause.fault.entity { remote AND name = "render" }"#, false),
      (#"rootcause.fault.exception { last AND message = "went off" }"#, true),
      (#"rootcause.fault.exception { name = "Bang" }"#, false), (#"rootcause.error.service { index >= 0 }"#, true),
      (#"rootcause.responsetime.entity { last AND coverage > 0.7 AND name = "orders" }"#, false),
      (#"rootcause.responsetime.entity { name = "DynamoDB" AND remote AND coverage > 0.7 }"#, true),
      ("rootcause.responsetime.entity { coverage > 1 }", false),
      (#"rootcause.responsetime.service { first AND name = "web" }"#, true),
      ("rootcause.responsetime.exception { index >= 0 }", false),
    ] {
      #expect(try matches(text) == expected, "\(text)")
    }
  }

  @Test func `by a root cause as JSON, where members left out may be anything`() throws {
    let path = #"{"Name": "web"}, {"Name": "api"}"#
    for (json, expected) in [
      (#"[{"Services": [\#(path)]}]"#, true), (#"[{"Services": [{"Name": "web"}]}]"#, false),
      (#"[{"Services": [{}, {"Name": "api", "Type": "AWS::Lambda", "Names": ["api"], "Inferred": false}]}]"#, true),
      (#"[{"Services": [{}, {"Name": "api", "Type": "AWS::EC2::Instance"}]}]"#, false),
      (#"[{"Services": [{}, {"EntityPath": [{"Name": "api"}, {"Name": "render"}]}], "ClientImpacting": true}]"#, true),
      (#"[{"Services": [{}, {"EntityPath": [{"Name": "render"}]}]}]"#, false),
      (#"[{"Services": [\#(path)]}, {"Services": [{"Name": "nobody"}]}]"#, false), (#"[{}]"#, true),
      (#"[{"services": []}]"#, false),
      (#"[{"Services": [{}, {"EntityPath": [{}, {"Exceptions": [{"Name": "Boom", "Message": "went off"}]}]}]}]"#, true),
      (#"[{"Services": [{}, {"AccountId": null}]}]"#, true),
    ] {
      #expect(try matches("rootcause.json = #\(json)") == expected, "\(json)")
      #expect(try matches("rootcause.json != #\(json)") == !expected, "\(json)")
    }
    #expect(try !matches("rootcause.json = #[{}]", Trace(.segment(1, "web"))))
  }
}
