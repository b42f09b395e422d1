import ArgumentParser
import FoundationEssentials
import XRayHTTP

struct RoleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "role",
    abstract: "Make and change the roles that functions of a `fluoro serve` run as.",
    discussion: """
      A function with active tracing needs a role that allows
      xray:PutTraceSegments. Policies are named by their ARN or by their name.

      EXAMPLES:
        fluoro role create hello --policy AWSXRayDaemonWriteAccess
        fluoro role show hello
        fluoro role attach hello service-role/AWSLambdaBasicExecutionRole
        fluoro role put-policy hello tables --document tables.json
        fluoro role list --json
      """,
    subcommands: [
      RoleCreateCommand.self, RoleListCommand.self, RoleShowCommand.self, RoleAttachCommand.self,
      RoleDetachCommand.self, RolePutPolicyCommand.self, RoleDeletePolicyCommand.self, RoleDeleteCommand.self,
    ])
}

/// Where the roles are.
struct RoleEndpoint: ParsableArguments {
  @Option(help: ArgumentHelp("Where `fluoro serve` is.", valueName: "url"))
  var endpoint = "http://127.0.0.1:2000"

  /// Runs `body` with the service, and closes its connections.
  @discardableResult
  func use<Result>(_ body: (RoleService) async throws -> Result) async throws -> Result {
    guard let url = HTTPEndpoint(url: endpoint), !url.isSecure else {
      throw ValidationError("\(endpoint) is no http:// address")
    }
    let client = HTTPClient(endpoint: url)
    do {
      let result = try await body(RoleService(client: client))
      await client.close()
      return result
    } catch {
      await client.close()
      throw error
    }
  }
}

/// The role that a command is about.
struct RoleName: ParsableArguments {
  @Argument(help: ArgumentHelp("The role's name.", valueName: "name"))
  var name: String
}

/// A file that has a policy.
enum PolicyFile {
  static func contents(of path: String) throws -> String {
    guard let data = try? Data(contentsOf: URL(filePath: path)) else {
      throw Failure.unreachable("cannot read \(path)")
    }
    guard let text = String(validating: data, as: UTF8.self) else { throw Failure.failed("\(path) is not UTF-8") }
    return text
  }
}
