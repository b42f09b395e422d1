import AWSAccess
import XRayHTTP
import XRayModel

/// A machine of the test's making: variables, files and the time.
struct Machine {
  var variables: [String: String] = [:]
  var files: [String: String] = [:]
  /// 2026-11-21T09:07:39Z.
  let clock = VirtualClock(start: Timestamp(seconds: 1_795_252_059))

  /// One whose instance metadata is at `metadata`, or that has none.
  init(_ variables: [String: String] = [:], files: [String: String] = [:], metadata: String? = nil) {
    self.variables = variables
    self.files = files
    if let metadata {
      self.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata
    } else {
      self.variables["AWS_EC2_METADATA_DISABLED"] = "true"
    }
  }

  var surroundings: AWSSurroundings {
    let files = files
    var surroundings = AWSSurroundings(
      variables: variables, clock: clock, readFile: { files[$0].map { Array($0.utf8) } })
    surroundings.deadline = .seconds(600)
    return surroundings
  }

  /// What the standard chain finds.
  func credentials() async throws(CredentialsError) -> AWSCredentials {
    try await CredentialChain.standard(surroundings, metadata: InstanceMetadata(surroundings)).credentials()
  }
}

/// As metadata services hand out credentials.
let document = """
  {"Code": "Success", "AccessKeyId": "ASIAROLE", "SecretAccessKey": "secret", "Token": "token",
   "Expiration": "2026-11-21T15:07:39Z"}
  """

/// As STS hands out credentials.
let assumedRole = """
  <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
  <AccessKeyId>ASIASTS</AccessKeyId><SecretAccessKey>sts/secret+</SecretAccessKey>
  <SessionToken>sts//token==</SessionToken><Expiration>2026-11-21T10:07:39Z</Expiration>
  </Credentials></AssumeRoleResult></AssumeRoleResponse>
  """
