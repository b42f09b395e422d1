import ArgumentParser
import LambdaEmitter

/// `--beyond-aws`: names of options, separated by commas.
struct BeyondAWSOption: ExpressibleByArgument {
  var options: BeyondAWS = []

  /// All names, for people.
  static let names = BeyondAWS.names.map(\.name).joined(separator: ", ")

  init() {}

  init?(argument: String) {
    guard let options = BeyondAWS(names: argument.split(separator: ",", omittingEmptySubsequences: false)) else {
      return nil
    }
    self.options = options
  }

  var defaultValueDescription: String { "none" }
}
