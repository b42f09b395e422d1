import XRayModel

/// What `traces.json` says, read as any client of `BatchGetTraces` would: nothing here knows who made the documents.
struct DemoTraces {
  struct Trace {
    var id: String
    var segments: [JSONValue]

    /// Segments with this origin.
    func segments(origin: String) -> [JSONValue] { segments.filter { $0["origin"]?.string == origin } }
    func segment(origin: String, name: String) -> JSONValue? {
      segments(origin: origin).first { $0["name"]?.string == name }
    }
  }

  var traces: [Trace]

  /// Reads the text of `traces.json`.
  init(_ text: String) throws {
    let response = try JSONValue(parsing: text)
    traces = try (response["Traces"]?.array ?? []).map { trace in
      let documents = (trace["Segments"]?.array ?? []).compactMap { $0["Document"]?.string }
      return Trace(id: trace["Id"]?.string ?? "", segments: try documents.map { try JSONValue(parsing: $0) })
    }
  }

  /// Traces that hold a service segment of this function, oldest first.
  func traces(of function: String) -> [Trace] {
    traces.filter { $0.segment(origin: "AWS::Lambda", name: function) != nil }
      .sorted { ($0.serviceStart(function) ?? 0) < ($1.serviceStart(function) ?? 0) }
  }
}

extension DemoTraces.Trace {
  fileprivate func serviceStart(_ function: String) -> Double? {
    segment(origin: "AWS::Lambda", name: function)?.start
  }
}

extension JSONValue {
  var id: String { self["id"]?.string ?? "" }
  var name: String { self["name"]?.string ?? "" }
  var parent: String? { self["parent_id"]?.string }
  var start: Double? { self["start_time"]?.number?.double }
  var end: Double? { self["end_time"]?.number?.double }
  var subsegments: [JSONValue] { self["subsegments"]?.array ?? [] }

  /// The direct subsegment with this name.
  func subsegment(_ name: String) -> JSONValue? { subsegments.first { $0.name == name } }

  /// This entity and everything in it.
  var entities: [JSONValue] { [self] + subsegments.flatMap(\.entities) }
}
