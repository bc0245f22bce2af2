using System.Text.Json;
using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>
/// What a client last said about its brokers, logged without repeating itself. Thread-safe: librdkafka calls from its own threads.
/// </summary>
public sealed class ClientHealth
{
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(30), StatisticsEvery = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly string _client;
    private readonly KafkaOptions _options;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly Dictionary<ErrorCode, long> _logged = [];
    private readonly TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Error? _error;
    private long _since;
    private long? _statisticsAt;    // the consumer's thread alone

    internal ClientHealth(string client, KafkaOptions options, ILogger log, TimeProvider time)
    {
        _client = client;
        _options = options;
        _log = log;
        _time = time;
    }

    /// <summary>What is wrong and what may mend it; null when nothing is known to be.</summary>
    public string? Fault
    {
        get
        {
            lock (_lock)
                return _error is null ? null : $"{_error.Reason}. {KafkaAdvice.For(_error.Code, _options)}";
        }
    }

    /// <summary>Completes when the brokers refuse this client by name: waiting longer does not help a command.</summary>
    internal Task Refused => _refused.Task;

    /// <summary>Notes an error; the same code is logged once in 30 s.</summary>
    internal void Note(Error error)
    {
        bool log;
        lock (_lock)
        {
            // What follows from an earlier fault says less than the fault: keep the first of an outage, unless this one names the cause.
            if (_error is null)
                _since = _time.GetTimestamp();
            if (_error is null || KafkaAdvice.NamesCause(error.Code))
                _error = error;
            log = !_logged.TryGetValue(error.Code, out var last) || _time.GetElapsedTime(last) >= Repeat;
            if (log)
                _logged[error.Code] = _time.GetTimestamp();
        }
        if (KafkaAdvice.IsRefusal(error.Code))
            _refused.TrySetResult();
        if (log)
            _log.ClientError(_client, error.Code, error.Reason, KafkaAdvice.For(error.Code, _options));
    }

    /// <summary>Notes that a broker answered.</summary>
    internal void NoteReached()
    {
        double seconds;
        lock (_lock)
        {
            if (_error is null)
                return;
            _error = null;
            _logged.Clear();
            seconds = _time.GetElapsedTime(_since).TotalSeconds;
        }
        _log.Recovered(_client, seconds);
    }

    /// <summary>Reads librdkafka's statistics (JSON), every 5 s: a broker that is up ends an outage.</summary>
    internal void NoteStatistics(string json)
    {
        if (_statisticsAt is { } last && _time.GetElapsedTime(last) < StatisticsEvery)
            return;
        _statisticsAt = _time.GetTimestamp();
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        int known = 0, up = 0;
        if (root.TryGetProperty("brokers", out var brokers))
            foreach (var broker in brokers.EnumerateObject())
            {
                // Logical brokers (GroupCoordinator) and bootstrap addresses repeat the others.
                if (!broker.Value.TryGetProperty("nodeid", out var node) || node.GetInt32() < 0)
                    continue;
                known++;
                up += broker.Value.TryGetProperty("state", out var state) && state.ValueEquals("UP") ? 1 : 0;
            }
        bool ends;
        lock (_lock)
            ends = up > 0 && _error is { } error && !KafkaAdvice.OutlastsConnection(error.Code);
        if (ends)
            NoteReached();
        _log.Statistics(_client, up, known, root.TryGetProperty("replyq", out var queued) ? queued.GetInt64() : 0);
    }

    internal void NoteLibrary(LogMessage message) => _log.Library(_client, message.Facility, message.Message);
}
