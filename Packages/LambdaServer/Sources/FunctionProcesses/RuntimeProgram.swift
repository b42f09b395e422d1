public import LambdaEmitter

/// What is started for each environment of a function: the program that speaks Lambda's Runtime API.
public struct RuntimeProgram: Hashable, Sendable {
  /// An absolute path.
  public var executable: String
  /// Without the program's own name.
  public var arguments: [String]
  /// An absolute path: the function's code, the process's working directory and its `LAMBDA_TASK_ROOT`.
  public var codeFolder: String
  /// Added to the environment's variables, and stronger than those.
  public var variables: [String: String]

  /// A program of the parts given.
  public init(executable: String, arguments: [String] = [], codeFolder: String, variables: [String: String] = [:]) {
    self.executable = executable
    self.arguments = arguments
    self.codeFolder = codeFolder
    self.variables = variables
  }

  /// What runs a function on this machine: for `provided`, `provided.al2` and `provided.al2023` the file `bootstrap`
  /// in its code folder, for `python3.x` the package awslambdaric in `python`.
  ///
  /// The files need not be there yet: a missing one fails the environment's initialization.
  ///
  /// - Throws: ``LambdaEmitter/LambdaError/Code/invalidParameterValue`` for runtimes that cannot be run here.
  public init(
    runtime: String, handler: String, codeFolder: String, python: PythonInterpreter? = nil
  ) throws(LambdaError) {
    if runtime == "provided" || runtime.hasPrefix("provided.") {
      self.init(executable: codeFolder + "/bootstrap", codeFolder: codeFolder)
    } else if runtime.hasPrefix("python3."), let python {
      let path = ([codeFolder] + python.packageFolders).joined(separator: ":")
      self.init(
        executable: python.executable, arguments: ["-m", "awslambdaric", handler], codeFolder: codeFolder,
        variables: ["PYTHONPATH": path])
    } else {
      throw LambdaError(.invalidParameterValue, "runtime \(runtime) cannot be run on this machine")
    }
  }
}

/// A Python on this machine that can run functions: one version stands for every `python3.x`.
public struct PythonInterpreter: Hashable, Sendable {
  /// An absolute path.
  public var executable: String
  /// Where awslambdaric is, and what functions share beside it, when the interpreter does not find it by itself.
  public var packageFolders: [String]

  /// An interpreter of the parts given.
  public init(executable: String, packageFolders: [String] = []) {
    self.executable = executable
    self.packageFolders = packageFolders
  }
}
