using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Pipeline.Host.Access;

/// <summary>Something that somebody did, or was refused.</summary>
/// <param name="Time">When, by this process's clock.</param>
/// <param name="Who">Who; empty when nobody is signed in.</param>
/// <param name="Role">Role.</param>
/// <param name="From">Address from which it was asked.</param>
/// <param name="Act">What: <c>sign_in sign_out acknowledge pause limits names export refused</c> …</param>
/// <param name="Patient">Pseudonym; empty when it is about none.</param>
/// <param name="Detail">What exactly, and why.</param>
internal sealed record AuditEntry(DateTimeOffset Time, string Who, string Role, string From, string Act, string Patient, string Detail);

/// <summary>Everything that was done through the web server: appended to a file a line each, or to the log. An act that cannot be written is not done. Thread-safe.</summary>
internal sealed partial class AuditLog : IDisposable
{
    private const int Kept = 1_000, MostBytesRead = 1 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _lock = new();
    private readonly Queue<AuditEntry> _newest = new();
    private readonly ILogger<AuditLog> _log;
    private readonly TimeProvider _time;
    private readonly FileStream? _file;

    /// <summary>Opens the file, if there is one.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public AuditLog(IOptions<AccessOptions> options, ILogger<AuditLog> log, TimeProvider time)
    {
        (_log, _time) = (log, time);
        if (options.Value.AuditFile is not { } path)
            return;
        if (File.Exists(path))
            foreach (var entry in ReadEnd(path))
                _newest.Enqueue(entry);
        _file = PrivateFile.Create(path, FileMode.Append);
    }

    /// <summary>The newest entries, the newest first: at most a thousand.</summary>
    public IReadOnlyList<AuditEntry> Newest()
    {
        lock (_lock)
            return [.. _newest.Reverse()];
    }

    /// <summary>Writes what the user of a request does.</summary>
    /// <exception cref="IOException">It cannot be written: then it is not to be done.</exception>
    public void Write(HttpContext context, string act, string patient = "", string detail = "") =>
        Write(context.User, context.Connection.RemoteIpAddress?.ToString() ?? "", act, patient, detail);

    /// <summary>Writes what somebody does.</summary>
    /// <exception cref="IOException">As above.</exception>
    public void Write(ClaimsPrincipal user, string from, string act, string patient, string detail)
    {
        var entry = new AuditEntry(_time.GetUtcNow(), user.Identity?.Name ?? "", user.FindFirstValue(ClaimTypes.Role) ?? "", from, act, patient, detail);
        lock (_lock)
        {
            if (_file is { } file)
            {
                file.Write([.. JsonSerializer.SerializeToUtf8Bytes(entry, Json), (byte)'\n']);
                file.Flush(flushToDisk: true);
            }
            else
            {
                Told(_log, entry.Act, entry.Who, entry.Role, entry.From, entry.Patient, entry.Detail);
            }
            _newest.Enqueue(entry);
            if (_newest.Count > Kept)
                _newest.Dequeue();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private static IEnumerable<AuditEntry> ReadEnd(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(-Math.Min(file.Length, MostBytesRead), SeekOrigin.End);
        var lines = new StreamReader(file).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.TakeLast(Kept).Select(Read).OfType<AuditEntry>()];

        // The first line may be half of one; a line that a crash has cut is passed over.
        static AuditEntry? Read(string line)
        {
            try
            {
                return JsonSerializer.Deserialize<AuditEntry>(line, Json);
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Audit: {Act} by '{Who}' ({Role}) from {From}, patient '{Patient}': {Detail}")]
    private static partial void Told(ILogger log, string act, string who, string role, string from, string patient, string detail);
}
