using System.IO.Enumeration;
using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;
using Pipeline.Host.References;

namespace Pipeline.Host.Estimates;

/// <summary>Finds the recordings in folders.</summary>
internal static class RecordingFolder
{
    private const int MaxFiles = 1_000_000;
    private const int MaxDepth = 16;

    private static readonly HashSet<string> Endings = new(StringComparer.OrdinalIgnoreCase) { ".hea", ".edf", ".rec", ".wav", ".csv", ".tsv", ".txt", ".mp4", ".avi", ".mov" };

    /// <summary>
    /// The paths of all recordings in a folder and the folders in it, in order. Left out are what begins with a dot, links to folders, what has
    /// no length (pipes, devices, empty files), references (<c>.ref.csv</c>), what <c>estimate</c> wrote, and the segments of records of several.
    /// </summary>
    /// <exception cref="CommandException">There is none, or the folder holds too many files.</exception>
    public static IReadOnlyList<string> Find(string folder, CancellationToken stop)
    {
        var found = new List<string>();
        var seen = 0;
        foreach (var path in FilesOf(folder))
        {
            if (stop.IsCancellationRequested)
                throw new CommandException("Interrupted: nothing was written.");
            if (++seen > MaxFiles)
                throw CommandException.BadUsage($"{folder}: more than {MaxFiles} files: name a folder of recordings.");
            if (Endings.Contains(Path.GetExtension(path)) && !path.EndsWith(ReferenceRates.Ending, StringComparison.OrdinalIgnoreCase)
                && RecordingFile.HasContent(path) && !IsOutput(path))
                found.Add(path);
        }
        var segments = found.SelectMany(SegmentsOf).ToHashSet(StringComparer.Ordinal);
        found.RemoveAll(segments.Contains);
        found.Sort(StringComparer.Ordinal);
        return found.Count > 0 ? found : throw CommandException.BadUsage($"{folder}: no recordings in it; they end in {string.Join(' ', Endings)}.");
    }

    // Links to folders are not followed: they may lead back.
    private static FileSystemEnumerable<string> FilesOf(string folder)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.Hidden, MaxRecursionDepth = MaxDepth };
        return new(folder, (ref FileSystemEntry entry) => entry.ToSpecifiedFullPath(), options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };
    }

    private static bool IsOutput(string path)
    {
        if (!Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase))
            return false;
        var start = new char[EstimateRow.Header.Length];
        try
        {
            using var reader = new StreamReader(path);
            var text = new string(start, 0, reader.ReadBlock(start));
            return text == EstimateRow.Header || text.Split('\n')[0].TrimEnd() is EstimateRow.BeatHeader or EstimateRow.EventHeader;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;   // whoever opens it next says why it cannot be read
        }
    }

    private static IEnumerable<string> SegmentsOf(string path)
    {
        if (!Path.GetExtension(path).Equals(".hea", StringComparison.OrdinalIgnoreCase))
            return [];
        try
        {
            return WfdbHeader.Read(path).Segments.Select(segment => Path.Combine(Path.GetDirectoryName(path) ?? "", segment.Name + ".hea"));
        }
        catch (Exception fault) when (fault is RecordingException or IOException or UnauthorizedAccessException)
        {
            return [];   // told when it is opened
        }
    }
}
