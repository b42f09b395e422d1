import Insights
import Testing
import Traces
import XRayModel

@Suite struct `A log of insights` {
  /// Two groups, in each of which `users` fail in minute 30 and, when so many minutes are seen, in every 100th after it.
  static func log(minutes: Int) -> InsightLog {
    var log = InsightLog()
    let random = RandomSource(seed: 3)
    for number in 0..<minutes {
      for group in ["a", "b"] {
        let nodes = `An insight detector`.shop(users: number % 100 == 30 ? 50 : 0)
        log.observe(minute: minute(number), ofGroup: group, graph: ServiceGraph(nodes), random: random)
      }
    }
    return log
  }

  @Test func `finds insights by id, group, state and time`() throws {
    var log = Self.log(minutes: 132)
    let all = log.insights(ofGroup: "a", overlapping: start..<minute(200))
    #expect(all.map(\.start) == [minute(130), minute(30)])
    #expect(all.map(\.state) == [.active, .closed])
    #expect(log.insights(ofGroup: "a", states: [.closed], overlapping: start..<minute(200)) == [all[1]])
    #expect(log.insights(ofGroup: "a", overlapping: start..<minute(30)).isEmpty)
    #expect(log.insights(ofGroup: "a", overlapping: minute(32)..<minute(130)).isEmpty)
    #expect(log.insights(ofGroup: "a", overlapping: minute(500)..<minute(501)) == [all[0]])
    #expect(log.insights(ofGroup: "c", overlapping: start..<minute(200)).isEmpty)
    for insight in all { #expect(log.insight(id: insight.id) == insight) }
    #expect(log.insight(id: "00000000-0000-4000-8000-000000000000") == nil)
    log.endGroup("a", at: minute(132))
    #expect(log.insight(id: all[0].id)?.state == .closed)
    #expect(log.groups == ["b"])
  }

  @Test func `is the same after it was written and read`() throws {
    let log = Self.log(minutes: 132)
    var writer = JSONWriter()
    log.write(to: &writer)
    let read = try InsightLog(json: try JSONValue(parsing: writer.text))
    #expect(read == log)
    var again = JSONWriter()
    read.write(to: &again)
    #expect(again.bytes == writer.bytes)
    #expect(try InsightLog(json: ["Version": 1, "Groups": [], "Closed": []]) == InsightLog())
  }

  @Test func `refuses what is no log, or a damaged one`() throws {
    for json: JSONValue in [
      nil, [], ["Version": 2, "Groups": [], "Closed": []], ["Version": 1, "Groups": []],
      ["Version": 1, "Groups": [["Name": 5]], "Closed": []], ["Version": 1, "Groups": [], "Closed": [["Id": "x"]]],
    ] {
      #expect(throws: InsightLogError.self) { try InsightLog(json: json) }
    }
    var writer = JSONWriter()
    Self.log(minutes: 132).write(to: &writer)
    let json = try JSONValue(parsing: writer.text)
    for damage: JSONValue in [nil, -1, "x", .number(JSONNumber(Int.max)), .number(JSONNumber(1e300)), [], [:]] {
      for path in json.paths {
        guard var log = try? InsightLog(json: json.replacing(path[...], with: damage)) else { continue }
        // What it takes nevertheless, it can go on with.
        let graph = ServiceGraph(`An insight detector`.shop(users: 90))
        for group in log.groups {
          log.observe(minute: minute(132), ofGroup: group, graph: graph, random: RandomSource(seed: 1))
        }
        for group in log.groups { log.endGroup(group, at: minute(133)) }
        var writer = JSONWriter()
        log.write(to: &writer)
        #expect(throws: Never.self) { try JSONValue(parsing: writer.text) }
      }
    }
  }

  @Test func `forgets insights after a month and beyond a thousand`() {
    let range = start..<minute(1_000_000)
    let random = RandomSource(seed: 3)
    var log = InsightLog()
    // An insight each day.
    for day in 0..<50 {
      for number in 0..<12 {
        let nodes = `An insight detector`.shop(users: number == 11 ? 50 : 0)
        log.observe(minute: minute(day * 1440 + number), ofGroup: "a", graph: ServiceGraph(nodes), random: random)
      }
    }
    let kept = log.insights(ofGroup: "a", overlapping: range)
    #expect(kept.count == 31 && kept.last?.start == minute(19 * 1440 + 11))
    var busy = InsightLog()
    for number in 0..<300 {
      let nodes = (0..<80).map { Node("service\($0)", number % 20 == 19 ? 90 : 0, of: 100) }
      busy.observe(minute: minute(number), ofGroup: "a", graph: ServiceGraph(nodes), random: random)
    }
    #expect(busy.insights(ofGroup: "a", states: [.closed], overlapping: range).count == InsightLog.closedLimit)
  }
}

extension JSONValue {
  fileprivate var paths: [[String]] {
    var paths: [[String]] = [[]]
    switch self {
    case .object(let object):
      for member in object.members { paths += member.value.paths.map { [member.key] + $0 } }
    case .array(let elements):
      for (index, element) in elements.enumerated().prefix(3) { paths += element.paths.map { ["\(index)"] + $0 } }
    default: break
    }
    return paths
  }

  fileprivate func replacing(_ path: ArraySlice<String>, with value: JSONValue) -> JSONValue {
    guard let key = path.first else { return value }
    switch self {
    case .object(var object):
      object[key] = object[key]?.replacing(path.dropFirst(), with: value)
      return .object(object)
    case .array(var elements):
      if let index = Int(key) { elements[index] = elements[index].replacing(path.dropFirst(), with: value) }
      return .array(elements)
    default: return self
    }
  }
}
