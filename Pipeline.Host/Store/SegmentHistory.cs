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
        return Task.Run(() => Read(request, stop), stop);
    }

    private IReadOnlyList<StoredSeries> Read(HistoryRequest request, CancellationToken stop)
    {
        var means = new HistoryMeans(request);
        var (from, to) = (request.From.ToUnixTimeMilliseconds(), request.To.ToUnixTimeMilliseconds());
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
                while (lines.IndexOf((byte)'\n') is >= 0 and var end)
                {
                    if (StoredLine.TryRead(lines[..end], out var line))
                    {
                        newest = Math.Max(newest, line.Milliseconds);
                        if (line.HasValue && line.Milliseconds >= from && line.Milliseconds < to)
                            Take(line, request, means);
                    }
                    lines = lines[(end + 1)..];
                }
                kept = lines.Length;
                if (kept == buffer.Length)
                    throw new IOException($"A line of '{path}' is longer than {BufferBytes} bytes.");
                lines.CopyTo(buffer);
            }
            if (newest != long.MinValue && newest < from - LatestMilliseconds)
                break;
        }
        return means.Series();
    }

    private static void Take(StoredLine line, HistoryRequest request, HistoryMeans means)
    {
        var patient = line.Tag("pid"u8);
        var metric = line.Tag("metric"u8);
        if (metric.Length > 0 && request.Metrics.Contains(metric) && (request.Patient is null || request.Patient == patient))
            means.Take((patient, line.Tag("device"u8), line.Tag("signal"u8), metric), line.Milliseconds, line.Value);
    }
}

/// <summary>A line of <see cref="LineProtocol"/>, as far as a reader wants it.</summary>
internal readonly ref struct StoredLine
{
    private readonly ReadOnlySpan<byte> _key;

    private StoredLine(ReadOnlySpan<byte> key, long milliseconds, double value)
    {
        _key = key;
        Milliseconds = milliseconds;
        Value = value;
    }

    /// <summary>Event time, milliseconds since 1970.</summary>
    public long Milliseconds { get; }

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
        var value = double.NaN;
        var isOk = false;
        while (!fields.IsEmpty)
        {
            var end = EndOfField(fields);
            var field = fields[..end];
            if (field.StartsWith("value="u8) && Utf8Parser.TryParse(field["value="u8.Length..], out double number, out _))
                value = number;
            isOk |= field.SequenceEqual("status=\"ok\""u8);
            fields = fields[Math.Min(end + 1, fields.Length)..];
        }
        read = new StoredLine(line[..keyEnd], nanoseconds / 1_000_000, isOk ? value : double.NaN);
        return true;
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
