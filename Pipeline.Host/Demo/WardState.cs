using System.Globalization;
using System.Text.Json;
using Pipeline.Host.Kafka;
using Pipeline.Host.State;
using Pipeline.Host.Store;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Demo;

/// <summary>
/// What a demo keeps in its folder, so that the next one continues its ward: a file with what the ward is made from, written before its
/// first chunk, and the checkpoints of the patients (<see cref="FileShardLog"/>). How far each bed was published is not kept separately: it
/// follows from the checkpoints. The feed publishes in order of time, so a shard whose mark says event time T has had every chunk of its
/// beds that ended before T. From there the feed goes on; a chunk or two come twice and are dropped as repeated.
/// </summary>
internal sealed class WardState
{
    private const int Version = 1;
    private const string FileName = "ward.json";

    private readonly Content _content;
    private readonly IReadOnlyDictionary<int, ShardMark> _marks;

    private WardState(string folder, Content content, IReadOnlyDictionary<int, ShardMark> marks) =>
        (Folder, _content, _marks) = (folder, content, marks);

    /// <summary>Where it is kept: the folder of the checkpoints.</summary>
    public string Folder { get; }

    /// <summary>Ward time at the beginning.</summary>
    public Timestamp Start => new(_content.StartUnixNanoseconds);

    /// <summary>Whether its simulated beds are those of a labour ward.</summary>
    public bool IsLabour => _content.IsLabour;

    /// <summary>Seed of the simulated beds.</summary>
    public int Seed => _content.Seed;

    /// <summary>Partitions that the patients are spread over: a patient's state lies in its partition.</summary>
    public int Partitions => _content.Partitions;

    /// <summary>Ward time at which the feed goes on; <see cref="Start"/> of a new ward.</summary>
    public Timestamp Resumes => _marks.Values.Select(mark => mark.Time ?? Start).Append(Start).Max();

    /// <summary>One line for a person when an earlier ward is continued; null when a new one begins.</summary>
    public string? Notice => _marks.Count == 0 ? null : string.Create(CultureInfo.InvariantCulture,
        $"Continues the ward in {Path.GetDirectoryName(Folder)} after {Age:c} of ward time; --fresh begins another.");

    private TimeSpan Age => TimeSpan.FromSeconds(Math.Floor(Resumes.SecondsSince(Start)));

    /// <summary>Whether there is a ward of that kind to continue below the demo's folder <paramref name="store"/>.</summary>
    public static bool Exists(string store, bool isLabour)
    {
        var path = Path.Combine(FolderIn(store), FileName);
        // One that cannot be read is told of when it is opened.
        return File.Exists(path) && (TryRead(path) is not { } content || content.IsLabour == isLabour);
    }

    /// <summary>
    /// The ward of the demo's folder <paramref name="store"/>; a new one that begins at <paramref name="start"/> with
    /// <paramref name="seed"/> and <paramref name="partitions"/>, of a labour ward if <paramref name="isLabour"/>, when there is none, or
    /// <paramref name="isFresh"/>.
    /// </summary>
    /// <exception cref="IOException">
    /// The folder cannot be used, another process has it, or what it holds cannot be read or is of the other kind.
    /// </exception>
    public static WardState Open(string store, Timestamp start, int seed, int partitions, bool isFresh, bool isLabour = false)
    {
        var folder = FolderIn(store);
        var path = Path.Combine(folder, FileName);
        if (isFresh && File.Exists(path))     // a new folder has none, nor the folder it would be in
            File.Delete(path);
        if (File.Exists(path))
        {
            var known = Read(path);
            return known.IsLabour == isLabour
                ? new WardState(folder, known, FileShardLog.ReadMarks(folder))
                : throw new IOException($"'{path}' is of a {(isLabour ? "general" : "labour")} ward. --fresh begins another.");
        }
        // Checkpoints without their ward would take another ward's chunks for repeated ones.
        CheckpointFolder.Clear(folder);
        var content = new Content(Version, start.UnixNanoseconds, seed, partitions, isLabour);
        Write(path, content);
        return new WardState(folder, content, new Dictionary<int, ShardMark>());
    }

    /// <summary>Event time up to which every chunk of a patient is in the checkpoints; null when none is known to be.</summary>
    public Timestamp? ReachedBy(PatientId patient) =>
        _marks.TryGetValue(KeyPartition.Of(SampleEncoder.Key(patient), Partitions), out var mark) ? mark.Time : null;

    private static string FolderIn(string store) => Path.Combine(Path.GetFullPath(store), "state");

    private static Content? TryRead(string path)
    {
        try
        {
            return Read(path);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static Content Read(string path)
    {
        try
        {
            var content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path));
            return content is { Version: Version, Partitions: > 0 }
                ? content
                : throw new IOException($"'{path}' has version {content?.Version}; this program reads {Version}. --fresh begins another ward.");
        }
        catch (JsonException fault)
        {
            throw new IOException($"'{path}' is not what a demo keeps of its ward: {fault.Message} --fresh begins another.", fault);
        }
    }

    /// <summary>All of it or nothing, whenever the process ends.</summary>
    private static void Write(string path, Content content)
    {
        var written = path + ".new";
        using (var file = new FileStream(written, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, content);
            file.Flush(flushToDisk: true);
        }
        File.Move(written, path, overwrite: true);
        DirectoryEntries.Flush(Path.GetDirectoryName(path)!);   // a file in a folder
    }

    private sealed record Content(int Version, long StartUnixNanoseconds, int Seed, int Partitions, bool IsLabour = false);
}
