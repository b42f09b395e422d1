/// Who may call a server: keys in the form of AWS's shared credentials file, and bearer tokens.
///
/// ```ini
/// [alice]
/// aws_access_key_id = AKIAEXAMPLE
/// aws_secret_access_key = …
///
/// [dashboard]
/// bearer_token = …
/// ```
///
/// Titles of sections are names for people. A section may have `aws_session_token`, which calls must then show, too.
public struct AccessKeyFile: Sendable {
  /// Keys that requests may be signed with.
  public var keys: [AWSCredentials] = []
  /// For `Authorization: Bearer`.
  public var bearerTokens: [String] = []

  /// Nobody.
  public init() {}

  /// Reads the file's text. Settings of other names mean nothing.
  public init(parsing text: String) throws(AccessKeyFileError) {
    for (title, settings) in SharedConfig.sections(of: text) {
      if let token = settings["bearer_token"] {
        // What a header can carry, and long enough not to be guessed at the first attempt.
        guard token.utf8.count >= 8, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
          throw AccessKeyFileError("[\(title)]: bearer_token must be at least 8 characters without blanks")
        }
        bearerTokens.append(token)
      }
      switch (settings["aws_access_key_id"], settings["aws_secret_access_key"]) {
      case (let id?, let secret?):
        keys.append(
          AWSCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: settings["aws_session_token"]))
      case (nil, nil): break
      default:
        throw AccessKeyFileError("[\(title)]: aws_access_key_id and aws_secret_access_key are needed together")
      }
    }
    guard !keys.isEmpty || !bearerTokens.isEmpty else {
      throw AccessKeyFileError("there is neither an access key nor a bearer_token in it")
    }
  }
}

/// Why a file lets nobody in.
public struct AccessKeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Without anything secret.
  public let description: String

  init(_ description: String) { self.description = description }
}
