import AdvPOBedrock
import Foundation
import Hummingbird
import Testing

@testable import AdvPOObjects

@Suite("The chain of AWS credentials", .timeLimit(.minutes(1)))
struct CredentialChainTests {
    private static let keys = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "env-secret"]

    private func chain(
        _ environment: [String: String], home: String? = nil, profile: String? = nil, explicit: SigningCredentials? = nil, metadata: Bool = false
    ) -> AWSCredentialChain {
        AWSCredentialChain(explicit: explicit, environment: environment, homeFolder: home, profile: profile, metadata: metadata, secondsSince1970: { VirtualTime.now })
    }

    /// A home folder with `.aws`.
    private func home(_ directory: borrowing TemporaryDirectory, credentials: String? = nil, config: String? = nil) throws -> String {
        _ = try directory.makeFolder(".aws")
        if let credentials { try directory.makeFile(".aws/credentials", credentials) }
        if let config { try directory.makeFile(".aws/config", config) }
        return directory.path
    }

    @Test("takes what is given outright, else the environment, else the shared files")
    func order() async throws {
        let directory = try TemporaryDirectory()
        let home = try home(directory, credentials: "[default]\naws_access_key_id=FILE\naws_secret_access_key=x\n", config: "[default]\naws_access_key_id=CONFIG\naws_secret_access_key=x\n")
        let own = SigningCredentials(accessKeyID: "OWN", secretAccessKey: "x")
        #expect(try await chain(Self.keys, home: home, explicit: own).credentials().accessKeyID == "OWN")
        let found = try await chain(Self.keys.merging(["AWS_SESSION_TOKEN": "t"]) { $1 }, home: home).credentials()
        #expect(found == SigningCredentials(accessKeyID: "ENV", secretAccessKey: "env-secret", sessionToken: "t"))
        // An empty variable is none.
        #expect(try await chain(["AWS_ACCESS_KEY_ID": ""], home: home).credentials().accessKeyID == "FILE")
        try FileManager.default.removeItem(atPath: home + "/.aws/credentials")
        #expect(try await chain([:], home: home).credentials().accessKeyID == "CONFIG")
    }

    @Test("takes the profile that a setting names before the environment's keys, and AWS_PROFILE's after them")
    func profiles() async throws {
        let directory = try TemporaryDirectory()
        let home = try home(
            directory, credentials: "[one]\naws_access_key_id=ONE\naws_secret_access_key=x\n",
            config: "[profile two]\nregion = eu-test-1\naws_access_key_id=TWO\naws_secret_access_key=x\n[three]\naws_access_key_id=THREE\naws_secret_access_key=x\n")
        #expect(try await chain(Self.keys, home: home, profile: "one").credentials().accessKeyID == "ONE")
        #expect(try await chain(["AWS_PROFILE": "two"], home: home).credentials().accessKeyID == "TWO")
        #expect(try await chain(Self.keys.merging(["AWS_PROFILE": "two"]) { $1 }, home: home).credentials().accessKeyID == "ENV")
        #expect(SharedProfiles(environment: [:], homeFolder: home, chosenProfile: "two").setting("region") == "eu-test-1")
        // In the config file a profile's section begins with the word.
        let error = await #expect(throws: CredentialError.self) { try await chain([:], home: home, profile: "three").credentials() }
        #expect(error?.description.contains("profile 'three' of") == true)
        #expect(error?.description.contains("there is no such profile") == true)
    }

    @Test("reads the files that the environment names")
    func namedFiles() async throws {
        let directory = try TemporaryDirectory()
        try directory.makeFile("mine", "[default]\naws_access_key_id=MINE\naws_secret_access_key=x\n")
        #expect(try await chain(["AWS_SHARED_CREDENTIALS_FILE": directory.appending("mine")]).credentials().accessKeyID == "MINE")
        #expect(try await chain(["AWS_CONFIG_FILE": "~/mine"], home: directory.path).credentials().accessKeyID == "MINE")
    }

    @Test("ends at what is set and cannot be used, and says why", arguments: [
        ("[default]\naws_access_key_id=A\n", "it has aws_access_key_id and no aws_secret_access_key"),
        ("[default]\nrole_arn=arn:aws:iam::1:role/x\nsource_profile=y\n", "it has role_arn, and assuming a role is not supported here"),
        ("[default]\nsso_session=x\n", "it has sso_session, and IAM Identity Center (SSO) is not supported here"),
        ("[default]\ncredential_process=/bin/true\n", "it has credential_process, which is not supported here"),
        ("[default]\naws_access_key_id\n", "line 2 has no '='"),
        ("aws_access_key_id = hidden-secret\n", "line 1 stands before the first [section]"),
        ("[default\n", "line 1 begins a section and has no ']'"),
        (String(repeating: "#", count: (1 << 20) + 1), "it has more than 1048576 bytes"),
    ])
    func unusable(file: String, reason: String) async throws {
        let directory = try TemporaryDirectory()
        let home = try home(directory, credentials: file)
        let error = await #expect(throws: CredentialError.self) { try await chain([:], home: home).credentials() }
        let text = "\(try #require(error))"
        #expect(text.contains(reason) && !text.contains("hidden-secret"), "\(text)")
    }

    @Test("half of the environment's pair, and a web identity, are refused by name")
    func unusableEnvironment() async throws {
        let half = await #expect(throws: CredentialError.self) { try await chain(["AWS_ACCESS_KEY_ID": "A"]).credentials() }
        #expect(half?.description.contains("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not") == true)
        let web = await #expect(throws: CredentialError.self) { try await chain(["AWS_WEB_IDENTITY_TOKEN_FILE": "/x", "AWS_ROLE_ARN": "y"]).credentials() }
        #expect(web?.description.contains("AWS_WEB_IDENTITY_TOKEN_FILE is set") == true)
    }

    @Test("names every place when nothing is found")
    func nothing() async throws {
        let error = await #expect(throws: CredentialError.self) { try await chain([:], home: "/nowhere").credentials() }
        #expect(error?.description == "no AWS credentials were found. the environment: AWS_ACCESS_KEY_ID is not set; "
            + "profile 'default' of /nowhere/.aws/credentials and /nowhere/.aws/config: there is no such profile; "
            + "the metadata endpoints: they are not asked; --metadata-credentials on asks them. "
            + "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of the shared files in AWS_PROFILE")
    }

    @Test("reads a file as Python's configparser does")
    func parses() throws {
        let file = try ProfileFile(parsing: """
            # comment
            ; comment
            [default]
            AWS_Access_Key_ID : A:B=C
            s3 =
              aws_access_key_id = nested
              max_concurrent_requests = 20
            region=
            [profile  "my name"]
              region = eu-test-1
              output = json
            [default]
            output = text
            """)
        #expect(file.sections == [
            "default": ["aws_access_key_id": "A:B=C", "s3": "", "region": "", "output": "text"],
            "profile my name": ["region": "eu-test-1", "output": "json"],
        ])
        #expect(try ProfileFile.read(path: "/nowhere/at/all") == nil)
        #expect(throws: ProfileFile.Fault.self) { try ProfileFile.read(path: "/tmp") }
    }
}

@Suite("Credentials from metadata endpoints", .timeLimit(.minutes(1)))
struct MetadataCredentialsTests {
    private static func answer(_ identifier: String, expiration: String? = nil) -> Response {
        let expiry = expiration.map { ",\"Expiration\":\"\($0)\"" } ?? ""
        return .s3(.ok, "{\"Code\":\"Success\",\"AccessKeyId\":\"\(identifier)\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"\(expiry)}")
    }

    private static func instance(_ arrival: ScriptedS3.Arrival) -> Response {
        switch (arrival.method, arrival.target) {
        case ("PUT", "/latest/api/token"): arrival.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600" ? .s3(.ok, "TOKEN") : .s3(.badRequest)
        case ("GET", _) where arrival.header("x-aws-ec2-metadata-token") != "TOKEN": .s3(.unauthorized)
        case ("GET", "/latest/meta-data/iam/security-credentials/"): .s3(.ok, "my-role\n")
        case ("GET", "/latest/meta-data/iam/security-credentials/my-role"): answer("ROLE")
        default: .s3(.notFound)
        }
    }

    private static func chain(_ environment: [String: String], metadata: Bool = true, now: @escaping @Sendable () -> Int64 = { VirtualTime.now }) -> AWSCredentialChain {
        AWSCredentialChain(environment: environment, homeFolder: nil, metadata: metadata, secondsSince1970: now)
    }

    @Test("an instance's role, by token")
    func instanceRole() async throws {
        try await ScriptedS3.run(Self.instance) { server in
            let found = try await Self.chain(["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.endpoint + "/"]).credentials()
            #expect(found == SigningCredentials(accessKeyID: "ROLE", secretAccessKey: "s", sessionToken: "t"))
            #expect(server.arrivals.map(\.method) == ["PUT", "GET", "GET"])
        }
    }

    @Test("nobody is asked when they are off, which is the standard", arguments: [false, true])
    func off(metadata: Bool) async throws {
        try await ScriptedS3.run(Self.instance) { server in
            var environment = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.endpoint]
            if metadata { environment["AWS_EC2_METADATA_DISABLED"] = "True" } else { environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.endpoint }
            let settings = environment
            let error = await #expect(throws: CredentialError.self) { try await Self.chain(settings, metadata: metadata).credentials() }
            #expect(error?.description.contains(metadata ? "AWS_EC2_METADATA_DISABLED is true" : "they are not asked") == true)
            #expect(server.arrivals.isEmpty)
        }
    }

    @Test("a container's endpoint, with the token of the variable or of the file")
    func container() async throws {
        let directory = try TemporaryDirectory()
        try directory.makeFile("token", "from-file\n")
        let path = directory.appending("token")
        try await ScriptedS3.run { arrival in Self.answer(arrival.header("authorization") ?? "none") } body: { server in
            let environment = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.endpoint + "/get?x=1"]
            let none = try await Self.chain(environment).credentials()
            #expect(none.accessKeyID == "none")
            let token = environment.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "from-variable"]) { $1 }
            let fromVariable = try await Self.chain(token).credentials()
            #expect(fromVariable.accessKeyID == "from-variable")
            let file = token.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path]) { $1 }
            let fromFile = try await Self.chain(file).credentials()
            #expect(fromFile.accessKeyID == "from-file")
            #expect(server.arrivals.allSatisfy { $0.target == "/get?x=1" })
            let broken = environment.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret\r\nX: y"]) { $1 }
            let error = await #expect(throws: CredentialError.self) { try await Self.chain(broken).credentials() }
            #expect(error?.description.contains("holds a line break") == true && error?.description.contains("secret\r") == false)
        }
    }

    @Test("the token goes to this machine, the agents or over TLS", arguments: [
        ("http://127.0.0.1/x", true), ("http://127.1.2.3:80/", true), ("http://localhost/", true), ("http://[::1]:1/", true), ("http://169.254.170.2/v2", true),
        ("http://169.254.170.23/v1/credentials", true), ("http://[fd00:ec2::23]/v1/credentials", true), ("https://example.com/x", true),
        ("http://example.com/", false), ("http://169.254.169.254/", false), ("http://127.0.0.1.example.com/", false), ("http://127.0.0.1@example.com/", false),
        ("http://10.0.0.1/", false), ("ftp://127.0.0.1/", false), ("127.0.0.1", false), ("http:///x", false), ("http://127.0.0.1/\n", false), ("http://[::2]/", false),
    ])
    func hosts(url: String, isAllowed: Bool) {
        #expect((ContainerCredentials.fault(ofURL: url) == nil) == isAllowed)
    }

    @Test("odd answers are refused without being shown", arguments: [
        "no JSON secret", "{}", "{\"Code\":\"Failed\"}", "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"secret\",\"Expiration\":\"soon\"}", "{\"AccessKeyId\":\"" + String(repeating: "A", count: 70_000) + "\"}",
    ])
    func oddAnswers(text: String) async throws {
        try await ScriptedS3.run { _ in .s3(.ok, text) } body: { server in
            let error = await #expect(throws: CredentialError.self) { try await Self.chain(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.endpoint]).credentials() }
            #expect(error?.description.contains("secret\"") == false && error?.description.contains("no JSON secret") == false)
            #expect(error?.attempts.last?.place == "the container's endpoint (AWS_CONTAINER_CREDENTIALS_FULL_URI)")
        }
    }

    @Test("that end soon, and no others are given, are asked for once a minute, not at every use")
    func soonOver() async throws {
        let now = Shared(VirtualTime.now)
        // Ten minutes after VirtualTime.now.
        try await ScriptedS3.run { arrival in Self.answer("K\(arrival.number)", expiration: "2026-05-14T09:40:00Z") } body: { server in
            let chain = Self.chain(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.endpoint]) { now.value }
            for (seconds, identifier) in [(0, "K1"), (1, "K1"), (59, "K1"), (60, "K2"), (100, "K2"), (121, "K3")] as [(Int64, String)] {
                now.value = VirtualTime.now + seconds
                do { #expect(try await chain.credentials().accessKeyID == identifier) } catch { Issue.record("\(error)") }
            }
        }
    }

    @Test("are renewed before they expire, and serve to their end when no others are to be had")
    func renews() async throws {
        let now = Shared(VirtualTime.now)
        let isUp = Shared(true)
        // An hour after VirtualTime.now.
        try await ScriptedS3.run { arrival in
            isUp.value ? Self.answer("K\(arrival.number)", expiration: arrival.number == 1 ? "2026-05-14T10:30:00Z" : "2026-05-14T11:30:00.5Z") : .s3(.internalServerError)
        } body: { server in
            let chain = Self.chain(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.endpoint]) { now.value }
            func expect(_ identifier: String?, after seconds: Int64) async {
                now.value = VirtualTime.now + seconds
                do {
                    let found = try await chain.credentials()
                    #expect(found.accessKeyID == identifier)
                } catch {
                    #expect(identifier == nil)
                }
            }
            await expect("K1", after: 0)
            await expect("K1", after: 2_699)
            #expect(server.arrivals.count == 1)
            isUp.value = false
            // 15 minutes before the end, and then not more than once a minute.
            await expect("K1", after: 2_700)
            await expect("K1", after: 2_759)
            #expect(server.arrivals.count == 2)
            await expect("K1", after: 3_599)
            await expect(nil, after: 3_600)
            isUp.value = true
            await expect("K5", after: 3_601)
            await expect("K5", after: 3_700)
            #expect(server.arrivals.count == 5)
        }
    }

    @Test("are sought once for all who ask at the same time")
    func sharesSearch() async throws {
        try await ScriptedS3.run { arrival in Self.answer("K\(arrival.number)") } body: { server in
            let chain = Self.chain(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.endpoint])
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 { group.addTask { try await chain.credentials().accessKeyID } }
                for try await key in group { #expect(key == "K1") }
            }
            #expect(server.arrivals.count == 1)
        }
    }
}
