using System.Text.RegularExpressions;

namespace Pipeline.Tests.Support;

/// <summary>
/// Which folders of a project use which: by their <c>using</c> directives, and by types named with the last part of their namespace. Files
/// beside the project file are not looked at.
/// </summary>
internal sealed partial class FolderGraph
{
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _uses = new(StringComparer.Ordinal);

    private FolderGraph()
    {
    }

    /// <summary>Names of the folders.</summary>
    public IEnumerable<string> Folders => _uses.Keys;

    /// <summary>Reads the sources of a project: the folder's name is the project's and its root namespace.</summary>
    public static FolderGraph OfProject(string path) => Of(Path.GetFileName(path), Directory.EnumerateDirectories(path)
        .Where(folder => Path.GetFileName(folder) is not ("bin" or "obj"))
        .ToDictionary(folder => Path.GetFileName(folder), folder => (IReadOnlyDictionary<string, string>)Directory.EnumerateFiles(folder, "*.cs")
            .ToDictionary(file => Path.GetFileName(file), File.ReadAllText)));

    /// <summary>The same of texts: folder, file name, source.</summary>
    public static FolderGraph Of(string rootNamespace, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> folders)
    {
        var graph = new FolderGraph();
        var types = folders.ToDictionary(folder => folder.Key, folder => folder.Value.Values.SelectMany(source => Declaration().Matches(source)).Select(match => match.Groups[1].Value).ToHashSet());
        foreach (var (folder, files) in folders)
        {
            var uses = graph._uses[folder] = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var (file, source) in files)
                foreach (var other in folders.Keys.Where(other => other != folder))
                    if (source.Contains($"using {rootNamespace}.{other};", StringComparison.Ordinal) ||
                        Regex.Matches(source, $@"(?<![.\w]){other}\.([A-Z]\w*)").Any(match => types[other].Contains(match.Groups[1].Value)))
                        uses.TryAdd(other, file);
        }
        return graph;
    }

    /// <summary>A way from a folder back to itself, as <c>A (File.cs) → B (Other.cs) → A</c>; null when there is none.</summary>
    public string? FindCycle() => _uses.Keys.Select(folder => Find(folder, [folder])).FirstOrDefault(cycle => cycle is not null);

    private string? Find(string start, IReadOnlyList<string> way)
    {
        foreach (var next in _uses[way[^1]].Keys)
            if (next == start)
                return string.Concat(way.Zip(way.Skip(1).Append(start), (from, to) => $"{from} ({_uses[from][to]}) → ")) + start;
            else if (!way.Contains(next) && Find(start, [.. way, next]) is { } cycle)
                return cycle;
        return null;
    }

    [GeneratedRegex(@"\b(?:class|record struct|record|struct|interface|enum) (\w+)")]
    private static partial Regex Declaration();
}
