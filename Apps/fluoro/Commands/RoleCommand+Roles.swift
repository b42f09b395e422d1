import ArgumentParser
import XRayModel

struct RoleCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a role, and print its ARN.",
    discussion: """
      EXAMPLES:
        fluoro role create hello --policy AWSXRayDaemonWriteAccess
        fluoro role create batch --trust trust.json
      """)

  /// Lambda may assume the role.
  private static let trust =
    #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"#
    + #""Action":"sts:AssumeRole"}]}"#

  @OptionGroup var role: RoleName

  @Option(
    name: .customLong("policy"),
    help: ArgumentHelp("Attach a managed policy; several with several --policy.", valueName: "policy"))
  var policies: [String] = []

  @Option(help: ArgumentHelp("A trust policy, instead of one that trusts Lambda.", valueName: "file"))
  var trust: String?

  @OptionGroup var endpoint: RoleEndpoint
  @OptionGroup var output: JSONOption

  func run() async throws {
    let trust = try trust.map(PolicyFile.contents) ?? Self.trust
    let report = try await endpoint.use { service in
      // All names first: a policy that is not there should not leave a role behind.
      var found: [RoleService.Policy] = []
      for policy in policies { found.append(try await service.policy(policy)) }
      try await service.call("CreateRole", [("RoleName", role.name), ("AssumeRolePolicyDocument", trust)])
      for policy in found {
        try await service.call("AttachRolePolicy", [("RoleName", role.name), ("PolicyArn", policy.arn)])
      }
      return try await RoleReport(of: role.name, from: service)
    }
    try Output().writeLine(output.json ? report.json.rendered(pretty: true) : report.role["Arn"]?.text ?? "")
  }
}

struct RoleListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the roles.",
    discussion: """
      EXAMPLES:
        fluoro role list
        fluoro role list --json
      """)

  @OptionGroup var endpoint: RoleEndpoint
  @OptionGroup var output: JSONOption

  func run() async throws {
    let roles = try await endpoint.use { try await $0.list("ListRoles", "Roles") }
    if output.json {
      let json: JSONValue = ["Roles": .array(roles.map(RoleReport.json))]
      return try Output().writeLine(json.rendered(pretty: true))
    }
    let width = roles.map { $0["RoleName"]?.text.count ?? 0 }.max() ?? 0
    for role in roles {
      let name = role["RoleName"]?.text ?? ""
      let blanks = String(repeating: " ", count: width - name.count)
      try Output().writeLine("\(name)\(blanks)  \(role["CreateDate"]?.text ?? "")  \(role["Arn"]?.text ?? "")")
    }
    if roles.isEmpty { Console.say("There are no roles; `fluoro role create` makes one.") }
  }
}

struct RoleShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a role, its trust policy and what it may do.",
    discussion: """
      EXAMPLES:
        fluoro role show hello
        fluoro role show hello --json
      """)

  @OptionGroup var role: RoleName
  @OptionGroup var endpoint: RoleEndpoint
  @OptionGroup var output: JSONOption

  func run() async throws {
    let report = try await endpoint.use { try await RoleReport(of: role.name, from: $0) }
    try Output().writeLine(output.json ? report.json.rendered(pretty: true) : report.text)
  }
}

struct RoleDeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a role that has no policies.",
    discussion: """
      EXAMPLES:
        fluoro role delete hello
      """)

  @OptionGroup var role: RoleName
  @OptionGroup var endpoint: RoleEndpoint

  func run() async throws {
    try await endpoint.use { try await $0.call("DeleteRole", [("RoleName", role.name)]) }
  }
}
