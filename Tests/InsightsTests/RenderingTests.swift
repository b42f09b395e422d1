import Insights
import Testing
import Traces
import XRayModel

@Suite struct `An insight's JSON` {
  static func insight() throws -> Insight {
    var watch = Watch()
    watch.see(30) { `An insight detector`.shop() }
    watch.see { `An insight detector`.shop(gateway: 30, orders: 30, table: 40) }
    watch.see(10) { [] }
    return try #require(watch.closed.first)
  }

  static func json(_ write: (inout JSONWriter) -> Void) throws -> JSONValue {
    var writer = JSONWriter()
    write(&writer)
    return try JSONValue(parsing: writer.text)
  }

  @Test func `has the members of Insight and InsightSummary`() throws {
    let insight = try Self.insight()
    let json = try Self.json { insight.write(to: &$0, groupARN: "arn:aws:xray:eu-west-1:1:group/Default") }
    #expect(
      json.object.map { Array($0.keys) } == [
        "InsightId", "GroupARN", "GroupName", "RootCauseServiceId", "Categories", "State", "StartTime", "EndTime",
        "Summary", "ClientRequestImpactStatistics", "RootCauseServiceRequestImpactStatistics", "TopAnomalousServices",
      ])
    let id = try #require(json["InsightId"]?.string)
    #expect(id.utf8.count == 36 && id == id.lowercased())
    #expect(json["RootCauseServiceId"] == ["Name": "table", "Names": ["table"]])
    #expect(json["Categories"] == ["FAULT"])
    #expect(json["State"] == "CLOSED")
    #expect(json["EndTime"] == .number(JSONNumber(minute(31))))
    #expect(json["RootCauseServiceRequestImpactStatistics"] == ["FaultCount": 40, "OkCount": 60, "TotalCount": 100])
    #expect(json["TopAnomalousServices"]?[0] == ["ServiceId": ["Name": "table", "Names": ["table"]]])
    let summary = try Self.json { insight.writeSummary(to: &$0) }
    #expect(summary["LastUpdateTime"] == .number(JSONNumber(minute(41))))
    #expect(summary["GroupARN"] == nil)
  }

  @Test func `has the members of InsightEvent`() throws {
    let insight = try Self.insight()
    let json = try Self.json { insight.events[0].write(to: &$0) }
    #expect(
      json.object.map { Array($0.keys) } == [
        "Summary", "EventTime", "ClientRequestImpactStatistics", "RootCauseServiceRequestImpactStatistics",
        "TopAnomalousServices",
      ])
  }

  @Test func `shows the impact as those that fail and those that call them`() throws {
    let insight = try Self.insight()
    let graph = InsightImpactGraph(of: insight, in: ServiceGraph(`An insight detector`.shop()))
    #expect(graph.services.map(\.id.name) == ["gateway", "gateway", "orders", "table"])
    let json = try Self.json { graph.writeServices(to: &$0) }
    #expect(
      json == [
        ["ReferenceId": 0, "Name": "gateway", "Names": ["gateway"], "Edges": [["ReferenceId": 2]]],
        [
          "ReferenceId": 1, "Name": "gateway", "Names": ["gateway"], "Type": "client", "Edges": [["ReferenceId": 0]],
        ], ["ReferenceId": 2, "Name": "orders", "Names": ["orders"], "Edges": [["ReferenceId": 3]]],
        ["ReferenceId": 3, "Name": "table", "Names": ["table"], "Edges": []],
      ])
    #expect(try Self.json { graph.writeServices(2..<9, to: &$0) }.array?.count == 2)
    #expect(try Self.json { graph.writeServices(7..<9, to: &$0) } == [])
    #expect(InsightImpactGraph(of: insight, in: ServiceGraph([])).services.isEmpty)
  }
}
