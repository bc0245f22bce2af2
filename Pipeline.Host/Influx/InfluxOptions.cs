using System.ComponentModel.DataAnnotations;

namespace Pipeline.Host.Influx;

/// <summary>Which write API is spoken.</summary>
internal enum InfluxApi
{
    /// <summary><c>/write?db=</c>: InfluxDB 1.x.</summary>
    V1,

    /// <summary><c>/api/v2/write?org=&amp;bucket=</c>: InfluxDB 2.x and 3.x.</summary>
    V2,
}

/// <summary>Section <c>Influx</c>: where the store is and how it is written to.</summary>
internal sealed class InfluxOptions : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Influx";

    /// <summary>Base address, <c>http</c> or <c>https</c>; null: no InfluxDB is used.</summary>
    public Uri? Url { get; set; }

    /// <summary>Which API.</summary>
    public InfluxApi Api { get; set; } = InfluxApi.V2;

    /// <summary>v2: organisation (InfluxDB 3 takes any).</summary>
    public string Org { get; set; } = "ward";

    /// <summary>v2: bucket.</summary>
    public string Bucket { get; set; } = "pipeline";

    /// <summary>v1: database.</summary>
    public string Database { get; set; } = "pipeline";

    /// <summary>v1: retention policy; empty: the database's own.</summary>
    public string RetentionPolicy { get; set; } = "";

    /// <summary>Token; for rotation use <see cref="TokenFile"/>.</summary>
    public string Token { get; set; } = "";

    /// <summary>File that holds the token. Read at every attempt, so that a rotated token is used without a restart.</summary>
    public string TokenFile { get; set; } = "";

    /// <summary>v1: user of Basic authentication.</summary>
    public string Username { get; set; } = "";

    /// <summary>v1: password; for rotation use <see cref="PasswordFile"/>.</summary>
    public string Password { get; set; } = "";

    /// <summary>File that holds the password; read at every attempt.</summary>
    public string PasswordFile { get; set; } = "";

    /// <summary>Whether bodies are compressed.</summary>
    public bool Gzip { get; set; } = true;

    /// <summary>Most lines of a request.</summary>
    [Range(1, 5_000)]
    public int MaxLines { get; set; } = 5_000;

    /// <summary>
    /// How long the first point of a request waits for others, 0 to 1 s. A request costs the server as much as a hundred lines.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Requests under way at once.</summary>
    [Range(1, 2)]
    public int Connections { get; set; } = 2;

    /// <summary>Most parts of batches (of at most <see cref="MaxLines"/> lines) that wait, of all shards together.</summary>
    [Range(1, 65_536)]
    public int QueueLength { get; set; } = 256;

    /// <summary>After how long an attempt counts as failed.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Delay before the second attempt; it grows from there, with jitter.</summary>
    [Range(typeof(TimeSpan), "00:00:00.0100000", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest delay between attempts, unless the server asks for a longer one (<c>Retry-After</c>, up to 10 minutes).</summary>
    [Range(typeof(TimeSpan), "00:00:00.0100000", "00:10:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether a token or password leaves this machine without encryption.</summary>
    internal bool SendsSecretsInClear =>
        Url is { IsAbsoluteUri: true, Scheme: "http", IsLoopback: false } && (Token.Length > 0 || TokenFile.Length > 0 || Password.Length > 0 || PasswordFile.Length > 0);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Url is { } url && (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https")))
            yield return new("allowed: http://HOST:PORT or https://HOST:PORT", [nameof(Url)]);
        if (MaxRetryDelay < RetryDelay)
            yield return new($"allowed: {nameof(RetryDelay)} ({RetryDelay}) or more", [nameof(MaxRetryDelay)]);
        if (Api == InfluxApi.V2 && Org.Length == 0)
            yield return new($"a value is needed with {nameof(Api)} {Api}", [nameof(Org)]);
        if (Api == InfluxApi.V2 && Bucket.Length == 0)
            yield return new($"a value is needed with {nameof(Api)} {Api}", [nameof(Bucket)]);
        if (Api == InfluxApi.V1 && Database.Length == 0)
            yield return new($"a value is needed with {nameof(Api)} {Api}", [nameof(Database)]);
        if (Token.Length > 0 && TokenFile.Length > 0)
            yield return new($"allowed: empty when {nameof(Token)} is set", [nameof(TokenFile)]);
        if (Password.Length > 0 && PasswordFile.Length > 0)
            yield return new($"allowed: empty when {nameof(Password)} is set", [nameof(PasswordFile)]);
        if (Username.Length == 0 && (Password.Length > 0 || PasswordFile.Length > 0))
            yield return new("a value is needed beside a password", [nameof(Username)]);
        if (Username.Length > 0 && Api == InfluxApi.V2)
            yield return new($"allowed: empty with {nameof(Api)} {Api}, which takes a token", [nameof(Username)]);
    }
}
