using Pipeline.Host.Errors;
using Pipeline.Host.Recordings;

namespace Pipeline.Host.Estimates;

/// <summary>What was asked of <c>estimate</c>.</summary>
/// <param name="Files">The recordings.</param>
/// <param name="Options">Their channels and rate.</param>
/// <param name="Format">How estimates are written.</param>
/// <param name="Outputs">Where each recording's estimates go; null: to the standard output.</param>
/// <param name="Beats">Where each recording's beats go; null: nowhere.</param>
internal sealed record EstimateRequest(
    IReadOnlyList<string> Files, RecordingOptions Options, EstimateFormat Format, IReadOnlyList<string>? Outputs, IReadOnlyList<string>? Beats)
{
    /// <summary>Where each recording's events go; null: nowhere.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>Where each recording's denoised ECG goes; null: nowhere.</summary>
    public IReadOnlyList<string>? Denoised { get; init; }

    /// <summary>Where the encodings of each recording's beats go; null: nowhere.</summary>
    public IReadOnlyList<string>? Encodings { get; init; }

    /// <summary>Where the explanation of each recording's heart rates goes; null: nowhere.</summary>
    public IReadOnlyList<string>? Explained { get; init; }

    /// <summary>The alarm that is checked, in the place of what is written; null: none.</summary>
    public AskedCheck? Asked { get; init; }

    /// <summary>Those of <see cref="Files"/> that were found in a folder: what is no recording, or holds nothing to estimate, is said and is no fault.</summary>
    public IReadOnlySet<string> Found { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>
    /// The files for <paramref name="path"/>: itself for one recording (below it, when it is a folder), else one a recording in it, named
    /// like the recording; of recordings with the same name the later ones get a number.
    /// </summary>
    /// <param name="path">The file or folder; null: none.</param>
    /// <param name="files">The recordings.</param>
    /// <param name="ending">Ending of the files' names.</param>
    /// <param name="isFolder">Whether it is a folder in any case: the recordings were found in one.</param>
    public static IReadOnlyList<string>? Places(string? path, IReadOnlyList<string> files, string ending, bool isFolder = false)
    {
        if (path is null)
            return null;
        if (files.Count == 1 && !isFolder && !Directory.Exists(path))
            return [path];
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var places = new List<string>();
        foreach (var file in files)
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var free = name;
            for (var number = 2; !taken.Add(free); number++)
                free = $"{name}-{number}";
            places.Add(Path.Combine(path, free + ending));
        }
        return places;
    }

    /// <summary>Finds what cannot be meant, and creates the folders of what is written.</summary>
    /// <exception cref="CommandException">Names the flags.</exception>
    public void Check()
    {
        if (Asked is not null && (Files.Count != 1 || Outputs is not null || Beats is not null || Events is not null || Denoised is not null || Encodings is not null || Explained is not null))
            throw CommandException.BadUsage("--check-alarm is of one recording, and nothing else is written.");
        if (Files.Count > 1 && Outputs is null)
            throw CommandException.BadUsage($"{Files.Count} recordings need --output FOLDER: each gets a file of its own.");
        var written = (Outputs ?? []).Concat(Beats ?? []).Concat(Events ?? []).Concat(Denoised ?? []).Concat(Encodings ?? []).Concat(Explained ?? []).Select(Path.GetFullPath).ToList();
        if (written.Find(path => Files.Any(file => Path.GetFullPath(file) == path)) is { } taken)
            throw CommandException.BadUsage($"{taken} is a recording: it would be overwritten.");
        if (written.Distinct(StringComparer.Ordinal).Count() < written.Count)
            throw CommandException.BadUsage(
                (Denoised ?? Encodings ?? Explained) is null ? "--output, --beats and --events name the same file." : "--output, --beats, --events, --denoised, --encodings and --explain name the same file.");
        foreach (var path in written)
            CommandException.Writing(path, () => Directory.CreateDirectory(Path.GetDirectoryName(path) ?? "."));
    }
}
