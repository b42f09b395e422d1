import ArgumentParser

struct Fluoro: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fluoro",
    abstract: "AWS X-Ray on your own machine: take segments in, look at traces.",
    discussion: """
      Everything is kept in one folder (--data, fluoro-data by default).

      EXAMPLES:
        fluoro serve                        X-Ray and Lambda on http://127.0.0.1:2000
        fluoro role create hello            make a role for a function there
        fluoro invoke hello --payload '{}'  run a function there, and see its trace
        fluoro simulate shop.json           a million invocations in virtual time
        fluoro daemon -o -n eu-west-1       stand in for the official X-Ray daemon
        fluoro receive                      take what X-Ray SDKs send to port 2000
        fluoro import segments.ndjson.gz    take segment documents from files
        fluoro traces --since 1h            list the traces of the last hour
        fluoro trace 1-58406520-a006649127e371903a2de979
        fluoro export --format html --output report.html

      EXIT CODES: 0 done, 1 the check or the run failed, 2 wrong usage,
      3 cannot reach or open what was named
      """,
    version: "0.1.0",
    subcommands: [
      ServeCommand.self, InvokeCommand.self, RoleCommand.self, SimulateCommand.self, ReceiveCommand.self,
      DaemonCommand.self, ImportCommand.self, TracesCommand.self, TraceCommand.self, MapCommand.self,
      ExportCommand.self, CheckCommand.self, BenchCommand.self,
    ])
}

@main
enum Program {
  static func main() async {
    do {
      var command = try Fluoro.parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      leave(error)
    }
  }

  /// With the exit codes of ``Failure`` instead of the argument parser's own.
  private static func leave(_ error: any Error) -> Never {
    if let failure = error as? Failure {
      Console.say("fluoro: \(failure.message)")
      Fluoro.exit(withError: ExitCode(failure.code))
    }
    switch Fluoro.exitCode(for: error) {
    // Help and version.
    case .success: Fluoro.exit(withError: error)
    case .validationFailure:
      Console.say(Fluoro.fullMessage(for: error))
      Fluoro.exit(withError: ExitCode(2))
    default:
      Console.say("fluoro: \(error)")
      Fluoro.exit(withError: ExitCode.failure)
    }
  }
}

/// Why a command ends early, for people, with the exit code that says it to scripts.
struct Failure: Error {
  var code: Int32
  var message: String

  /// The check or the run failed.
  static func failed(_ message: String) -> Failure { Failure(code: 1, message: message) }
  /// What was named cannot be reached or opened.
  static func unreachable(_ message: String) -> Failure { Failure(code: 3, message: message) }
}
