import AccessManagement
import LambdaEmitter
import Testing
import XRayModel

/// Forgets what is emitted.
struct NoEmitter: SegmentEmitter { func emit(_ document: [UInt8]) {} }

@Suite struct `The Lambda service` {
  @Test func `goes by the roles as they are now`() async throws {
    let random = RandomSource(seed: 1)
    let lambda = LambdaService(clock: StillClock(), random: random, emitter: NoEmitter())
    let access = AccessManagement(
      clock: StillClock(), random: random, changed: lambda.putRole, removed: lambda.removeRole)
    func call(_ text: String) {
      #expect(access.answer(form: Array("Version=2010-05-08&RoleName=orders&\(text)".utf8)).status == 200)
    }
    var configuration = FunctionConfiguration(name: "worker", role: Account.arn("orders"))
    configuration.tracingMode = .active
    func refusal() -> String? {
      do {
        try lambda.createFunction(configuration) { event, _ in event.bytes }
        return nil
      } catch {
        return error.message
      }
    }
    let cannotBeAssumed = "The role defined for the function cannot be assumed by Lambda."
    #expect(refusal() == cannotBeAssumed)
    let trust = Account.trust("Allow", "ec2.amazonaws.com").replacing("\"", with: "%22")
    call("Action=CreateRole&AssumeRolePolicyDocument=\(trust)")
    #expect(refusal() == cannotBeAssumed)
    call("Action=UpdateAssumeRolePolicy&PolicyDocument=\(trust.replacing("ec2", with: "lambda"))")
    #expect(
      refusal() == "The provided execution role does not have permissions to call PutTraceSegments on XRAY")
    call("Action=AttachRolePolicy&PolicyArn=\(Account.awsARN("AWSXRayDaemonWriteAccess"))")
    #expect(refusal() == nil)
    call("Action=DetachRolePolicy&PolicyArn=\(Account.awsARN("AWSXRayDaemonWriteAccess"))")
    call("Action=DeleteRole")
    #expect(lambda.role(Account.arn("orders")) == nil)
  }
}
