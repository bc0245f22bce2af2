using System.Globalization;

namespace Pipeline.Host.Store;

/// <summary>
/// Lines on disk: files <c>vitals-TIME-SEQUENCE.lp</c> in one folder, the last of which grows. What <see cref="Append"/> was given is on the
/// disk when it returns; a crash leaves at most one torn line at the end of the last file, which is cut off at the next start. One thread at
/// a time, one process a folder.
/// </summary>
internal sealed class SegmentFiles : IDisposable
{
    private const string Prefix = "vitals-";
    private const string Suffix = ".lp";
    private const string LockName = ".lock";

    private readonly string _directory;
    private readonly long _segmentBytes;
    private readonly TimeProvider _time;
    private readonly FileStream _lock;
    private FileStream? _file;
    private long _sequence;
    private long _durable;   // bytes of _file that are whole lines on the disk; what lies behind them is cut before the next write

    /// <summary>Takes the folder, makes it when it is missing, and repairs its last segment.</summary>
    /// <exception cref="IOException">The folder cannot be used, or another process has it.</exception>
    public SegmentFiles(string directory, long segmentBytes, TimeProvider time)
    {
        _directory = Directory.CreateDirectory(directory).FullName;
        _segmentBytes = segmentBytes;
        _time = time;
        _lock = new FileStream(Path.Combine(_directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var segments = List(_directory);
        if (segments.Count == 0)
            return;
        _sequence = SequenceOf(segments[^1]);
        _file = new FileStream(segments[^1], FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        _durable = EndOfWholeLines(_file);
        RepairedBytes = _file.Length - _durable;
        _file.SetLength(_durable);
    }

    /// <summary>Bytes of a torn end that were found at the start, and cut off.</summary>
    public long RepairedBytes { get; }

    /// <summary>The segments of a folder, oldest first.</summary>
    public static IReadOnlyList<string> List(string directory) =>
    [
        .. Directory.EnumerateFiles(directory, $"{Prefix}*{Suffix}").Where(path => SequenceOf(path) > 0).OrderBy(SequenceOf),
    ];

    /// <summary>Writes whole lines and waits until the disk has them.</summary>
    /// <exception cref="IOException">It could not; the same again later is right, nothing is there twice.</exception>
    public void Append(ReadOnlySpan<byte> lines)
    {
        if (_file is not null && _durable > 0 && _durable + lines.Length > _segmentBytes)
            Close();
        _file ??= Create();
        if (_file.Length != _durable)
            _file.SetLength(_durable);
        _file.Position = _durable;
        _file.Write(lines);
        _file.Flush(flushToDisk: true);
        _durable += lines.Length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        _lock.Dispose();
    }

    private FileStream Create()
    {
        _durable = 0;
        // The sequence orders the files even when the clock was set back.
        var time = _time.GetUtcNow().ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        var path = Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{time}-{_sequence + 1:D8}{Suffix}"));
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        _sequence++;
        DirectoryEntries.Flush(_directory);
        return file;
    }

    private void Close()
    {
        if (_file is null)
            return;
        if (_file.Length != _durable)
            _file.SetLength(_durable);
        _file.Dispose();
        _file = null;
    }

    private static long SequenceOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path.AsSpan());
        return long.TryParse(name[(name.LastIndexOf('-') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;
    }

    /// <summary>
    /// The end of the last line that is whole: the file's last line feed, or an earlier one when zero bytes lie before it (a disk may grow a
    /// file before it writes into it; no line holds one).
    /// </summary>
    private static long EndOfWholeLines(FileStream file)
    {
        var chunk = new byte[65_536];
        var whole = 0L;
        var at = 0L;
        file.Position = 0;
        while (true)
        {
            var read = file.Read(chunk);
            if (read == 0)
                return whole;
            var bytes = chunk.AsSpan(0, read);
            var zero = bytes.IndexOf((byte)0);
            var last = (zero < 0 ? bytes : bytes[..zero]).LastIndexOf((byte)'\n');
            if (last >= 0)
                whole = at + last + 1;
            if (zero >= 0)
                return whole;
            at += read;
        }
    }
}
