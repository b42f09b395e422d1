import XRayModel

/// Which items of a batch have failed, as a function's answer tells: `{"batchItemFailures": [{"itemIdentifier": id}]}`.
///
/// Nothing at all, `null`, an empty object and an empty list report no failure. `nil` for what cannot be understood and
/// for what names an item that is not in the batch: then all of them have failed.
func batchItemFailures(in answer: [UInt8], of items: Set<String>) -> Set<String>? {
  if answer.isEmpty { return [] }
  guard let json = try? JSONValue(parsing: answer.span) else { return nil }
  if json == .null { return [] }
  guard let object = json.object else { return nil }
  switch object["batchItemFailures"] {
  case nil, .null: return []
  case .array(let failures)?:
    var failed: Set<String> = []
    for failure in failures {
      guard let id = failure["itemIdentifier"]?.string, items.contains(id) else { return nil }
      failed.insert(id)
    }
    return failed
  default: return nil
  }
}
