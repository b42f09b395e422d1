import LambdaEmitter
import XRayModel

/// One record of the file of events.
enum JournalRecord {
  case accepted(AcceptedEvent)
  case progress(requestID: String, EventProgress)
  case done(requestID: String)

  var json: [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      switch self {
      case .accepted(let event):
        writer.key("accepted")
        event.write(to: &writer)
      case .progress(let requestID, let progress):
        writer.member("request_id", requestID)
        writer.key("progress")
        progress.write(to: &writer)
      case .done(let requestID): writer.member("done", requestID)
      }
    }
    return writer.bytes
  }

  /// `nil` when the bytes are nothing of the kind.
  init?(json: ArraySlice<UInt8>) {
    guard let value = try? JSONValue(parsing: json.span) else { return nil }
    if let event = value["accepted"].flatMap(AcceptedEvent.init(json:)) {
      self = .accepted(event)
    } else if let requestID = value["request_id"]?.string, let progress = value["progress"].flatMap(EventProgress.init)
    {
      self = .progress(requestID: requestID, progress)
    } else if let requestID = value["done"]?.string {
      self = .done(requestID: requestID)
    } else {
      return nil
    }
  }
}
