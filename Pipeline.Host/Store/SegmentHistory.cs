using System.Buffers.Text;
using System.Text;

namespace Pipeline.Host.Store;

/// <summary>Reads the segments of the embedded store while it writes them. Costs one pass over the segments of the time asked for.</summary>
/// <param name="directory">The store's folder.</param>
internal sealed class SegmentHistory(string directory) : IPointHistory
{
    /// <summary>Points may come so much later than others of their time; segments that end before are passed over.</summary>
    private const long LatestMilliseconds = 10 * 60_000;

    private const int BufferBytes = 1 << 20;

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredSeries>> ReadAsync(HistoryRequest request, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.Run(() =>
        {
            var means = new HistoryMeans(request);
            Read(request.From, request.To, line => Take(line, request, means), stop);
            return means.Series();
        }, stop);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(EventsRequest request, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.Run<IReadOnlyList<StoredEvent>>(() =>
        {
            // Written again, an event is the same line: the last one counts.
            var newest = new SortedDictionary<(long, string, string, string, string), StoredEvent>();
            Read(request.From, request.To, line =>
            {
                var (patient, metric) = (line.Tag("pid"u8), line.Tag("metric"u8));
                if (!request.Metrics.Contains(metric) || (request.Patient is not null && request.Patient != patient))
                    return;
                var one = line.ToEvent(patient, metric);
                newest[(one.TimeNs, patient, one.Device, one.Signal, metric)] = one;
                if (newest.Count > request.Most)
                    newest.Remove(newest.Keys.First());
            }, stop);
            return [.. newest.Values.Reverse()];
        }, stop);
    }

    private delegate void TakeLine(StoredLine line);

    private void Read(DateTimeOffset begin, DateTimeOffset end, TakeLine take, CancellationToken stop)
    {
        var (from, to) = (begin.ToUnixTimeMilliseconds(), end.ToUnixTimeMilliseconds());
        var buffer = new byte[BufferBytes];
        foreach (var path in SegmentFiles.List(directory).Reverse())
        {
            var newest = long.MinValue;
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var kept = 0;
            while (file.Read(buffer, kept, buffer.Length - kept) is > 0 and var read)
            {
                stop.ThrowIfCancellationRequested();
                var lines = buffer.AsSpan(0, kept + read);
                while (lines.IndexOf((byte)'\n') is >= 0 and var lineEnd)
                {
                    if (StoredLine.TryRead(lines[..lineEnd], out var line))
                    {
                        newest = Math.Max(newest, line.Milliseconds);
                        if (line.HasValue && line.Milliseconds >= from && line.Milliseconds < to)
                            take(line);
                    }
                    lines = lines[(lineEnd + 1)..];
                }
                kept = lines.Length;
                if (kept == buffer.Length)
                    throw new IOException($"A line of '{path}' is longer than {BufferBytes} bytes.");
                lines.CopyTo(buffer);
            }
            if (newest != long.MinValue && newest < from - LatestMilliseconds)
                break;
        }
    }

    private static void Take(StoredLine line, HistoryRequest request, HistoryMeans means)
    {
        var patient = line.Tag("pid"u8);
        var metric = line.Tag("metric"u8);
        if (metric.Length > 0 && request.Metrics.Contains(metric) && (request.Patient is null || request.Patient == patient))
            means.Take((patient, line.Tag("device"u8), line.Tag("signal"u8), metric), line.Milliseconds, line.Value, line.Sigma);
    }
}

/// <summary>A line of <see cref="LineProtocol"/>, as far as a reader wants it.</summary>
internal readonly ref struct StoredLine
{
    private readonly ReadOnlySpan<byte> _key, _fields;
    private readonly long _nanoseconds;

    private StoredLine(ReadOnlySpan<byte> key, ReadOnlySpan<byte> fields, long nanoseconds, double value, double sigma)
    {
        _key = key;
        _fields = fields;
        _nanoseconds = nanoseconds;
        (Value, Sigma) = (value, sigma);
    }

    /// <summary>Event time, milliseconds since 1970.</summary>
    public long Milliseconds => _nanoseconds / 1_000_000;

    /// <summary>Standard deviation of the value; NaN where there is none.</summary>
    public double Sigma { get; }

    /// <summary>The value; NaN where there is none, or its status is not <c>ok</c>.</summary>
    public double Value { get; }

    /// <summary>Whether there is a value that counts.</summary>
    public bool HasValue => double.IsFinite(Value);

    /// <summary>Reads a line without its line feed; false: it is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, out StoredLine read)
    {
        read = default;
        var keyEnd = IndexOfUnescaped(line, (byte)' ');
        var fieldsEnd = line.LastIndexOf((byte)' ');
        if (keyEnd <= 0 || fieldsEnd <= keyEnd || !Utf8Parser.TryParse(line[(fieldsEnd + 1)..], out long nanoseconds, out _))
            return false;
        var fields = line[(keyEnd + 1)..fieldsEnd];
        var all = fields;
        var (value, sigma) = (double.NaN, double.NaN);
        var isOk = false;
        while (!fields.IsEmpty)
        {
            var end = EndOfField(fields);
            var field = fields[..end];
            if (field.StartsWith("value="u8) && Utf8Parser.TryParse(field["value="u8.Length..], out double number, out _))
                value = number;
            if (field.StartsWith("sigma="u8) && Utf8Parser.TryParse(field["sigma="u8.Length..], out double deviation, out _))
                sigma = deviation;
            isOk |= field.SequenceEqual("status=\"ok\""u8);
            fields = fields[Math.Min(end + 1, fields.Length)..];
        }
        read = new StoredLine(line[..keyEnd], all, nanoseconds, isOk ? value : double.NaN, sigma);
        return true;
    }

    /// <summary>The whole line.</summary>
    public StoredEvent ToEvent(string patient, string metric)
    {
        var (texts, numbers) = (new Dictionary<string, string>(), new Dictionary<string, double>());
        var fields = _fields;
        while (!fields.IsEmpty)
        {
            var end = EndOfField(fields);
            var field = fields[..end];
            var split = field.IndexOf((byte)'=');
            var name = Encoding.UTF8.GetString(field[..Math.Max(0, split)]);
            var content = field[(split + 1)..];
            if (content.Length >= 2 && content[0] == '"')
                texts[name] = Encoding.UTF8.GetString(content[1..^1]).Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
            else if (Utf8Parser.TryParse(content, out double number, out _))
                numbers[name] = number;
            fields = fields[Math.Min(end + 1, fields.Length)..];
        }
        return new StoredEvent(patient, Tag("ward"u8), Tag("bed"u8), Tag("device"u8), Tag("signal"u8), metric, _nanoseconds, texts, numbers);
    }

    /// <summary>The value of a tag; empty when there is no such tag.</summary>
    public string Tag(ReadOnlySpan<byte> name)
    {
        var rest = _key;
        while (IndexOfUnescaped(rest, (byte)',') is >= 0 and var comma)
        {
            rest = rest[(comma + 1)..];
            if (rest.Length > name.Length && rest.StartsWith(name) && rest[name.Length] == '=')
            {
                var text = rest[(name.Length + 1)..];
                var end = IndexOfUnescaped(text, (byte)',');
                return Unescaped(end < 0 ? text : text[..end]);
            }
        }
        return "";
    }

    private static int IndexOfUnescaped(ReadOnlySpan<byte> text, byte wanted)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == wanted)
                return i;
        }
        return -1;
    }

    private static int EndOfField(ReadOnlySpan<byte> fields)
    {
        var isQuoted = false;
        for (var i = 0; i < fields.Length; i++)
        {
            if (fields[i] == '\\' && isQuoted)
                i++;
            else if (fields[i] == '"')
                isQuoted = !isQuoted;
            else if (fields[i] == ',' && !isQuoted)
                return i;
        }
        return fields.Length;
    }

    private static string Unescaped(ReadOnlySpan<byte> text)
    {
        var name = Encoding.UTF8.GetString(text);
        if (name == LineProtocol.NoName)
            return "";
        return name.Contains('\\', StringComparison.Ordinal)
            ? name.Replace("\\,", ",", StringComparison.Ordinal).Replace("\\=", "=", StringComparison.Ordinal).Replace("\\ ", " ", StringComparison.Ordinal)
            : name;
    }
}
