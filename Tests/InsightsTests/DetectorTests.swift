import Insights
import Testing
import Traces
import XRayModel

@Suite struct `An insight detector` {
  /// A shop: a gateway that calls orders and users; orders keep to a table. `faults` per 100 requests.
  static func shop(gateway: Int = 0, orders: Int = 0, table: Int = 0, users: Int = 0) -> [Node] {
    [
      Node("gateway", gateway, of: 100, calls: ["orders", "users"], isRoot: true),
      Node("orders", orders, of: 100, calls: ["table"]), Node("table", table, of: 100),
      Node("users", users, of: 100),
    ]
  }

  @Test func `finds the leaf that fails and those whom it makes fail`() throws {
    var watch = Watch()
    watch.see(30) { Self.shop() }
    #expect(watch.all.isEmpty)
    watch.see { Self.shop(gateway: 30, orders: 35, table: 40) }
    let insight = try #require(watch.detector.active.first)
    #expect(watch.all.count == 1)
    #expect(insight.rootCause == ServiceID(name: "table"))
    #expect(insight.topAnomalousServices.map(\.name) == ["table", "orders", "gateway"])
    #expect(insight.start == minute(30) && insight.end == nil && insight.state == .active)
    #expect(insight.rootCauseImpact == RequestImpact(fault: 40, ok: 60, total: 100))
    #expect(insight.clientImpact == RequestImpact(fault: 30, ok: 70, total: 100))
    #expect(insight.events.count == 1)
    #expect(insight.summary.contains("40 of 100 requests to table failed since 2027-01-15T08:30Z"))
  }

  @Test(arguments: 1...8) func `is not roused by noise, and by a step within two minutes`(seed: UInt64) throws {
    let random = RandomSource(seed: seed)
    var watch = Watch()
    watch.see(1000) {
      let fault = random.faults(of: 100, rate: 0.05)
      return Self.shop(gateway: fault, orders: fault, table: random.faults(of: 100, rate: 0.05))
    }
    #expect(watch.all.isEmpty)
    watch.see(2) {
      let fault = random.faults(of: 100, rate: 0.3)
      return Self.shop(gateway: fault, orders: fault, table: fault)
    }
    #expect(watch.detector.active.map(\.rootCause.name) == ["table"])
    // Within the noise again, it closes, and nothing else opens.
    watch.see(20) { Self.shop(gateway: 5, orders: 5, table: random.faults(of: 100, rate: 0.05)) }
    #expect(watch.all.count == 1 && watch.detector.active.isEmpty)
  }

  @Test func `closes after ten quiet minutes, with or without traffic`() throws {
    var watch = Watch()
    watch.see(30) { Self.shop() }
    watch.see(3) { Self.shop(users: 50) }
    watch.see(5) { Self.shop() }
    watch.see(4) { [] }
    #expect(watch.detector.active.count == 1)
    watch.see { [] }
    let insight = try #require(watch.closed.first)
    #expect(watch.detector.active.isEmpty)
    #expect(insight.state == .closed && insight.end == minute(33) && insight.lastUpdate == minute(43))
    #expect(insight.rootCauseImpact == RequestImpact(fault: 150, ok: 150, total: 300))
    #expect(insight.events.last?.time == minute(43))
    #expect(insight.events.last?.summary.hasPrefix("Closed.") == true)
  }

  @Test func `takes minutes left out for quiet ones`() {
    var watch = Watch()
    watch.see(30) { Self.shop() }
    watch.see { Self.shop(users: 50) }
    watch.next += 300
    watch.see { Self.shop(users: 50) }
    #expect(watch.closed.map(\.end) == [minute(31)] && watch.closed.first?.lastUpdate == minute(41))
    #expect(watch.detector.active.map(\.start) == [minute(331)])
  }

  @Test func `counts no minute twice`() {
    var watch = Watch()
    watch.see(30) { Self.shop() }
    watch.see { Self.shop(users: 50) }
    let before = watch.detector
    watch.next -= 1
    watch.see { Self.shop(users: 90) }
    watch.next = 3
    watch.see { Self.shop(users: 90) }
    #expect(watch.detector == before)
  }

  @Test func `tells services apart that fail on their own`() {
    var watch = Watch()
    func nodes(_ fault: Int) -> [Node] {
      [
        Node("a", fault, of: 50, calls: ["b"], isRoot: true), Node("b", fault, of: 50),
        Node("c", fault, of: 50, calls: ["d"], isRoot: true), Node("d", fault, of: 50),
      ]
    }
    watch.see(20) { nodes(0) }
    watch.see { nodes(25) }
    #expect(watch.detector.active.map(\.rootCause.name) == ["b", "d"])
    #expect(watch.detector.active.map(\.topAnomalousServices.count) == [2, 2])
    #expect(Set(watch.detector.active.map(\.id)).count == 2)
  }

  @Test func `sees one insight where a common caller fails with two leaves, and the worse one at its root`() {
    var watch = Watch()
    watch.see(20) { Self.shop() }
    watch.see { Self.shop(gateway: 70, orders: 30, table: 30, users: 40) }
    #expect(watch.detector.active.map(\.rootCause.name) == ["users"])
  }

  @Test func `blames the entry point when all that it calls is well`() {
    var watch = Watch()
    watch.see(20) { Self.shop() }
    watch.see { Self.shop(gateway: 30) }
    let insight = watch.detector.active.first
    #expect(insight?.rootCause.name == "gateway")
    #expect(insight?.clientImpact == insight?.rootCauseImpact)
    #expect(insight?.topAnomalousServices.count == 1)
  }

  @Test func `bears services that call one another in a circle`() {
    var watch = Watch()
    func nodes(_ fault: Int) -> [Node] {
      [
        Node("a", fault, of: 50, calls: ["b"], isRoot: true), Node("b", fault, of: 50, calls: ["c"]),
        Node("c", fault + 1, of: 50, calls: ["b", "c"]),
      ]
    }
    watch.see(20) { nodes(0) }
    watch.see { nodes(25) }
    #expect(watch.detector.active.map(\.rootCause.name) == ["c"])
  }

  @Test func `changes the root cause when another one was found twice`() throws {
    var watch = Watch()
    watch.see(30) { Self.shop() }
    watch.see(2) { Self.shop(gateway: 30, orders: 30) }
    #expect(watch.detector.active.first?.rootCause.name == "orders")
    watch.see { Self.shop(gateway: 30, orders: 30, table: 30) }
    #expect(watch.detector.active.first?.rootCause.name == "orders")
    watch.see { Self.shop(gateway: 30, orders: 30, table: 30) }
    let insight = try #require(watch.detector.active.first)
    #expect(insight.rootCause.name == "table")
    #expect(insight.rootCauseImpact.fault == 60)
    #expect(insight.clientImpact.fault == 120)
    #expect(insight.events.map { $0.summary.prefix(6) } == ["Opened", "Faults", "Spread", "The ro"])
    #expect(watch.all.count == 1)
  }

  @Test func `merges insights that turn out to be one`() throws {
    var watch = Watch()
    watch.see(30) { Self.shop() }
    watch.see { Self.shop(orders: 30) }
    watch.see { Self.shop(orders: 30, users: 30) }
    #expect(watch.detector.active.map(\.rootCause.name) == ["orders", "users"])
    watch.see { Self.shop(gateway: 60, orders: 30, users: 30) }
    let insight = try #require(watch.detector.active.first)
    #expect(watch.detector.active.count == 1 && watch.closed.count == 1)
    #expect(Set(insight.services.map(\.id.name)) == ["gateway", "orders", "users"])
    #expect(watch.closed.first?.events.last?.summary.hasPrefix("Merged into insight \(insight.id).") == true)
    #expect(watch.closed.first?.end == minute(32))
  }

  @Test func `keeps to its bounds`() {
    var watch = Watch()
    func crowd(_ fault: Int) -> [Node] { (0..<700).map { Node("service\($0)", fault, of: 100) } }
    watch.see(11) { crowd(0) }
    watch.see { crowd(90) }
    #expect(watch.detector.active.count == InsightDetector.activeLimit)
    // More services than fit in one insight, for so long that its faults double again and again.
    var chain = Watch()
    func line(_ fault: Int) -> [Node] { (0..<120).map { Node("s\($0)", fault, of: 100, calls: ["s\($0 + 1)"]) } }
    chain.see(11) { line(0) }
    for step in 0..<300 { chain.see { line(step.isMultiple(of: 2) ? 80 : 0) } }
    #expect(chain.all.count == 1)
    #expect(chain.all.allSatisfy { $0.services.count == Insight.serviceLimit })
    #expect(chain.all.allSatisfy { $0.rootCause.name == "s119" && $0.rootCauseImpact.fault == 150 * 80 })
    #expect(chain.all.allSatisfy { $0.events.count < Insight.eventLimit })
    #expect(chain.all.allSatisfy { $0.topAnomalousServices.count == Insight.topLimit })
  }
}
