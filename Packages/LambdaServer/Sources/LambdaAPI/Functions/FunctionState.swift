/// All functions that the API knows, by name, and what feeds them.
struct FunctionState: Hashable {
  var functions: [String: StoredFunction] = [:]
  /// Event source mappings by their ids.
  var mappings: [String: StoredMapping] = [:]

  /// Bytes of all archives, each version's counted.
  var codeSize: Int { functions.values.reduce(0) { $0 + $1.versions.reduce(0) { $0 + $1.code.size } } }
  var reservedConcurrency: Int { functions.values.reduce(0) { $0 + ($1.reservedConcurrency ?? 0) } }
}

/// Keeps the functions over restarts: one value that is replaced whole.
public struct FunctionStorage: Sendable {
  /// Gives what was saved last; `nil` when nothing ever was.
  public var load: @Sendable () throws -> [UInt8]?
  /// Returns when the bytes, JSON text, will be there after a crash. A change that cannot be saved does not happen.
  public var save: @Sendable ([UInt8]) throws -> Void

  public init(load: @escaping @Sendable () throws -> [UInt8]?, save: @escaping @Sendable ([UInt8]) throws -> Void) {
    self.load = load
    self.save = save
  }
}

/// What was saved cannot be read.
public struct FunctionStateError: Error, Hashable, CustomStringConvertible {
  /// Where it is damaged.
  public var detail: String
  public var description: String { "the saved functions are damaged: \(detail)" }
}
