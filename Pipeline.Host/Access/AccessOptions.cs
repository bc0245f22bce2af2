using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Pipeline.Host.Access;

/// <summary>Who needs no sign-in.</summary>
internal enum OpenTo
{
    /// <summary>Everybody signs in.</summary>
    Nobody,

    /// <summary>Who asks from this machine may do all: <c>demo</c>, tests.</summary>
    ThisMachine,
}

/// <summary>Section <c>Access</c>: who may look at the ward, and do what.</summary>
internal sealed class AccessOptions : IValidatableObject
{
    public const string Section = "Access";

    private const int ShortestToken = 32;

    /// <summary>Who needs no sign-in. <c>ThisMachine</c> is for addresses that nobody else reaches, and not behind a proxy.</summary>
    public OpenTo Open { get; set; } = OpenTo.Nobody;

    /// <summary>People with passwords and machines with tokens, hashed (<c>./pipeline users</c>). Read again when it changes.</summary>
    public string? UsersFile { get; set; }

    /// <summary>Display names of beds (JSON, <c>{"WARD/BED":"NAME"}</c>), for those who may see them. Read again when it changes.</summary>
    public string? NamesFile { get; set; }

    /// <summary>What everybody did, a line of JSON each, appended. Not set: it is in the log.</summary>
    public string? AuditFile { get; set; }

    /// <summary>Folder of the keys that protect sessions: the same for all processes of the ward. Not set: sessions end with the process.</summary>
    public string? KeysFolder { get; set; }

    /// <summary>How long a session lasts without a request; one by OpenID Connect at most.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan SessionLength { get; set; } = TimeSpan.FromHours(12);

    /// <summary>Addresses of proxies that end TLS before this process, separated by semicolons; what they say of the client is believed.</summary>
    public string? Proxies { get; set; }

    /// <summary>Lets people sign in over http from other hosts: where the network itself is closed, or something before this process encrypts.</summary>
    public bool AllowPlainText { get; set; }

    /// <summary>
    /// File with a token, in clear, that may do what an engineer may: a secret that Prometheus is given too, for deployments that make their secrets as files. Read again when it changes.
    /// </summary>
    public string? MetricsTokenFile { get; set; }

    /// <summary>Most requests a second of one user, or of one address that is not signed in; ten times as many at once.</summary>
    [Range(1, 100_000)]
    public int RequestsPerSecond { get; set; } = 50;

    /// <summary>Most tries to sign in a minute from one address.</summary>
    [Range(1, 10_000)]
    public int SignInsPerMinute { get; set; } = 10;

    /// <summary>Most streams of signals of one user at once.</summary>
    [Range(1, 10_000)]
    public int Streams { get; set; } = 32;

    /// <summary>Most questions to the store (history, export, FHIR) that are answered at once; eight times as many wait.</summary>
    [Range(1, 100)]
    public int Readers { get; set; } = 4;

    /// <summary>File with the token that commands such as <c>status</c> show to a process.</summary>
    public string? TokenFile { get; set; }

    /// <summary>The addresses of <see cref="Proxies"/>.</summary>
    internal IEnumerable<IPAddress> ProxyAddresses => ProxyTexts.Select(IPAddress.Parse);

    /// <summary>The users file; null where there is none.</summary>
    internal PrivateFile<UsersFile>? Users => UsersFile is { } path ? new PrivateFile<UsersFile>(path, Access.UsersFile.Parse) : null;

    /// <summary>The display names; null where there are none.</summary>
    internal PrivateFile<IReadOnlyDictionary<string, string>>? Names =>
        NamesFile is { } path ? new PrivateFile<IReadOnlyDictionary<string, string>>(path, BedNames.Parse) : null;

    /// <summary>The token of <see cref="MetricsTokenFile"/>; null where there is none.</summary>
    internal PrivateFile<string>? MetricsToken => MetricsTokenFile is { } path
        ? new PrivateFile<string>(path, text => text.Trim() is { Length: >= ShortestToken } token ? token : throw new FormatException($"a token of at least {ShortestToken} characters is wanted"))
        : null;

    private IEnumerable<string> ProxyTexts => (Proxies ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ProxyTexts.Any(text => !IPAddress.TryParse(text, out _)))
            yield return new ValidationResult("allowed: IP addresses, several with ';'", [nameof(Proxies)]);
        if (Open == OpenTo.ThisMachine && Proxies is not null)
            yield return new ValidationResult("behind a proxy everybody seems to ask from this machine: use Access:UsersFile or OpenId:Authority", [nameof(Open)]);
    }

    /// <summary>
    /// What is wrong with the files, which are there where the service runs, and with these beside the addresses to listen on and OpenID Connect; null when nothing is.
    /// </summary>
    /// <param name="openId">Section <c>OpenId</c>.</param>
    /// <param name="urls">The addresses.</param>
    internal string? FindFault(OpenIdOptions openId, string urls)
    {
        if (Users?.FindFault() is { } users)
            return $"Access:UsersFile is '{UsersFile}'; {users}. ./pipeline users add makes one";
        if (Names?.FindFault() is { } names)
            return $"Access:NamesFile is '{NamesFile}'; {names}";
        if (AuditFile is { } audit && (Directory.Exists(audit) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(audit)))))
            return $"Access:AuditFile is '{AuditFile}'; a file in a folder that is there is wanted";
        // A mounted secret: its mode is the mount's.
        if (MetricsToken?.FindFault(isPrivate: false) is { } token)
            return $"Access:MetricsTokenFile is '{MetricsTokenFile}'; {token}";
        var addresses = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var isSeen = addresses.Any(url => !IsLoopback(url));
        if (isSeen && Open == OpenTo.ThisMachine)
            return $"Access:Open is 'ThisMachine', and others reach '{urls}': listen on 127.0.0.1, or use Access:UsersFile or OpenId:Authority";
        var hasPasswords = Users?.Content.Users.Any(user => user.Password is not null) ?? false;
        if ((hasPasswords || openId.Authority is not null) && Proxies is null && !AllowPlainText && addresses.Any(url => !IsLoopback(url) && url.StartsWith("http:", StringComparison.OrdinalIgnoreCase)))
            return $"people sign in, and nothing is encrypted at '{urls}': use https with Web:CertificateFile and Web:KeyFile, name in Access:Proxies who ends TLS, or set Access:AllowPlainText=true where the network itself is closed";
        return null;
    }

    private static bool IsLoopback(string url) => Uri.TryCreate(url.Replace("*", "any", StringComparison.Ordinal).Replace("+", "any", StringComparison.Ordinal), UriKind.Absolute, out var uri) && uri.IsLoopback;
}
