import XRayModel

extension ArraySlice<UInt8> {
  /// The trace of a document that a sink refused, for the log: as far as it can be told, whatever is wrong with it.
  var traceID: String? { string(of: "trace_id") }
  var entityID: String? { string(of: "id") }

  private func string(of key: String) -> String? {
    let text = (try? JSONValue(parsing: span))?[key]?.string
    return text.map {
      String($0.unicodeScalars.filter { $0.value > 0x20 && $0.value < 0x7F }.prefix(64).map(Character.init))
    }
  }
}
