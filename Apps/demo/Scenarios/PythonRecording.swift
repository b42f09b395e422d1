import XRayModel

/// What the official Python SDK sent when a handler put and got an object (scenario L01 of the recorded traces):
/// four subsegments, each sent when it ended, inner ones first.
struct PythonRecording {
  /// A document in its new place.
  struct Document {
    var bytes: [UInt8]
    var end: Timestamp
  }

  private let entities: [JSONObject]
  private let start: Timestamp

  init() throws {
    entities = try Self.lines.split(separator: "\n").compactMap { try JSONValue(parsing: String($0)).object }
    start = entities.compactMap { $0["start_time"]?.timestamp }.min() ?? Timestamp(ticks: 0)
  }

  /// The documents in another trace, under another parent, at another time; everything else as it was sent.
  func documents(in trace: TraceID, under parent: EntityID, from moment: Timestamp) -> [Document] {
    entities.map { entity in
      var entity = entity
      entity["trace_id"] = .string(trace.description)
      if entity["parent_id"]?.string == Self.parent { entity["parent_id"] = .string(parent.description) }
      var end = moment
      for key in ["start_time", "end_time"] {
        guard let time = entity[key]?.timestamp else { continue }
        end = moment.advanced(by: start.duration(to: time))
        entity[key] = .number(JSONNumber(end))
      }
      return Document(bytes: Array(JSONValue.object(entity).rendered().utf8), end: end)
    }
  }

  /// The Invocation subsegment in whose place another one comes: the same for both pairs of subsegments.
  private static let parent = "b40d1e57569d4fbe"

  private static let lines = #"""
    {"id": "702001024fb4e183", "name": "s3", "start_time": 1795252059.127552, \#
    "parent_id": "ddcaea90c1a8f763", "in_progress": false, "http": {"response": {"status": 200}}, \#
    "aws": {"operation": "PutObject", "region": "us-east-1", \#
    "request_id": "haXgvWsPHmPMEk8h4u4eVBaZpPZpZjppGBnEIpxvY860vyYlXWuM", "key": "k1", \#
    "bucket_name": "seed-bucket"}, "trace_id": "1-6b015f5a-f395b0ce4ed24c2cbf3e82ed", "type": "subsegment", \#
    "namespace": "aws", "end_time": 1795252059.139942}
    {"id": "ddcaea90c1a8f763", "name": "put_object", "start_time": 1795252059.1275053, \#
    "parent_id": "b40d1e57569d4fbe", "in_progress": false, "annotations": {"put_response": 200}, \#
    "trace_id": "1-6b015f5a-f395b0ce4ed24c2cbf3e82ed", "type": "subsegment", "namespace": "local", \#
    "end_time": 1795252059.1428032}
    {"id": "a5b84252cfc69c3a", "name": "s3", "start_time": 1795252059.1430194, \#
    "parent_id": "5e2dc28f361a283d", "in_progress": false, "http": {"response": {"status": 200}}, \#
    "aws": {"operation": "GetObject", "region": "us-east-1", \#
    "request_id": "pMZyArpncxICpofYtgc4InEMUVLGKq6DNDoDpz5eqGZEPW511dem", "key": "k1", \#
    "bucket_name": "seed-bucket"}, "trace_id": "1-6b015f5a-f395b0ce4ed24c2cbf3e82ed", "type": "subsegment", \#
    "namespace": "aws", "end_time": 1795252059.1496286}
    {"id": "5e2dc28f361a283d", "name": "get_object", "start_time": 1795252059.142977, \#
    "parent_id": "b40d1e57569d4fbe", "in_progress": false, "annotations": {"get_response": 200}, \#
    "trace_id": "1-6b015f5a-f395b0ce4ed24c2cbf3e82ed", "type": "subsegment", "namespace": "local", \#
    "end_time": 1795252059.154843}
    """#
}
