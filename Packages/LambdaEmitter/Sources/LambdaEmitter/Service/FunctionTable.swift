/// The functions by name, with the totals that each admission needs: an account may have thousands of functions.
struct FunctionTable {
  private var records: [String: FunctionRecord] = [:]
  /// The concurrency that functions have reserved, together.
  private(set) var reserved = 0
  /// Invocations that run.
  private(set) var busy = 0
  /// Those of functions without reserved concurrency.
  private(set) var unreservedBusy = 0

  var keys: Dictionary<String, FunctionRecord>.Keys { records.keys }
  var values: Dictionary<String, FunctionRecord>.Values { records.values }

  subscript(name: String) -> FunctionRecord? {
    get { records[name] }
    set {
      if let old = records[name] { count(old, -1) }
      records[name] = newValue
      if let newValue { count(newValue, 1) }
    }
  }

  mutating func removeValue(forKey name: String) -> FunctionRecord? {
    let record = records.removeValue(forKey: name)
    if let record { count(record, -1) }
    return record
  }

  /// Changes a record in its place, where the subscript copies it. `nil` when there is no such function.
  mutating func update<Result, Failure>(
    _ name: String, _ change: (inout FunctionRecord) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let index = records.index(forKey: name) else { return nil }
    var (before, after) = (Use(), Use())
    defer {
      count(before, -1)
      count(after, 1)
    }
    return try Self.change(&records.values[index], &before, &after, change)
  }

  private static func change<Result, Failure>(
    _ record: inout FunctionRecord, _ before: inout Use, _ after: inout Use,
    _ change: (inout FunctionRecord) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    before = Use(busy: record.busy, reserved: record.reservedConcurrency)
    defer { after = Use(busy: record.busy, reserved: record.reservedConcurrency) }
    return try change(&record)
  }

  /// What a function takes of its account.
  private struct Use {
    var busy = 0
    var reserved: Int?
  }

  private mutating func count(_ record: FunctionRecord, _ sign: Int) {
    count(Use(busy: record.busy, reserved: record.reservedConcurrency), sign)
  }

  private mutating func count(_ use: Use, _ sign: Int) {
    busy += sign * use.busy
    if let own = use.reserved { reserved += sign * own } else { unreservedBusy += sign * use.busy }
  }
}
