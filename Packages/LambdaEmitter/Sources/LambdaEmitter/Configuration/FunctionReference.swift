/// A function as callers name it: `name`, `name:qualifier`, `account:function:name[:qualifier]` or a full ARN.
struct FunctionReference: Hashable {
  var name: String
  /// A version; `nil` stands for `$LATEST`.
  var qualifier: String?

  static let latest = "$LATEST"
  /// Lambda: 256 characters where a function is invoked.
  static let lengthLimit = 256

  init(parsing text: String) throws(LambdaError) {
    guard text.utf8.count <= Self.lengthLimit else {
      throw LambdaError(.invalidParameterValue, "function name is longer than \(Self.lengthLimit) characters")
    }
    var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if let index = parts.firstIndex(of: "function"), parts.count > 2 { parts.removeSubrange(...index) }
    guard let name = parts.first, !name.isEmpty, parts.count <= 2 else {
      throw LambdaError(.invalidParameterValue, "\"\(text)\" does not name a function")
    }
    self.name = name
    qualifier = parts.count == 2 ? parts[1] : nil
  }
}
