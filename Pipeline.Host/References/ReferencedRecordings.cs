using Pipeline.Host.Errors;

namespace Pipeline.Host.References;

/// <summary>A recording with a reference beside it.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Set">Its folder's name: the data set.</param>
internal sealed record ReferencedRecording(string Path, string Set)
{
    /// <summary>File name without its ending.</summary>
    public string Name { get; } = System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>The reference's file.</summary>
    public string Reference => ReferenceRates.PathOf(Path);
}

/// <summary>Finds what can be trained on and scored.</summary>
internal static class ReferencedRecordings
{
    // Such records repeat a person of another record of the set.
    private const string ExtraPrefix = "extra_";
    private static readonly string[] Endings = [".hea", ".edf", ".csv", ".wav"];

    /// <summary>The recordings of the folders that have a reference beside them, by name; <c>extra_*</c> is left out.</summary>
    /// <exception cref="CommandException">A folder is not there, or has none; or a name is there twice.</exception>
    public static IReadOnlyList<ReferencedRecording> Find(IReadOnlyList<string> folders)
    {
        var found = new List<ReferencedRecording>();
        foreach (var folder in folders)
        {
            if (!Directory.Exists(folder))
                throw CommandException.BadUsage($"--data {folder}: there is no such folder.");
            var files = Directory.EnumerateFiles(folder).Where(IsRecording).Order(StringComparer.Ordinal).ToList();
            var referenced = files.FindAll(file => File.Exists(ReferenceRates.PathOf(file)) && !Path.GetFileName(file).StartsWith(ExtraPrefix, StringComparison.Ordinal));
            if (referenced.Count == 0)
                throw CommandException.BadUsage(files.Count == 0
                    ? $"--data {folder}: it holds no recordings ({string.Join(' ', Endings)})."
                    : $"--data {folder}: none of its {files.Count} recordings has a reference beside it (NAME{ReferenceRates.Ending} with {ReferenceRates.StartColumn} and {ReferenceRates.RateColumn}).");
            var set = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
            found.AddRange(referenced.Select(file => new ReferencedRecording(file, set)));
        }
        if (found.GroupBy(r => r.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw CommandException.BadUsage($"{twice.Key} is there twice, as {string.Join(" and ", twice.Select(r => r.Path))}: a recording must not be on both sides of a split.");
        return found;
    }

    private static bool IsRecording(string file) =>
        Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase) && !file.EndsWith(ReferenceRates.Ending, StringComparison.OrdinalIgnoreCase);
}
