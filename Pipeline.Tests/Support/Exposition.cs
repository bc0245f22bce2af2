using System.Text.RegularExpressions;

namespace Pipeline.Tests.Support;

/// <summary>Prometheus text, read as a scraper does.</summary>
internal static partial class Exposition
{
    /// <summary>
    /// A line for each family whose name begins with <c>pipeline_</c>, by name: name, type, the sets of labels of its series, and a histogram's
    /// bounds.
    /// </summary>
    public static SortedDictionary<string, string> Families(string text)
    {
        var found = new SortedDictionary<string, (string Type, SortedSet<string> Labels, List<string> Bounds)>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (line.Split(' ') is ["#", "TYPE", var name, var type])
                found[name] = (type, new SortedSet<string>(StringComparer.Ordinal), []);
            else if (!line.StartsWith('#'))
                Add(found, Sample().Match(line));
        var families = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, family) in found)
            if (name.StartsWith("pipeline_", StringComparison.Ordinal))
                families.Add(name, string.Join(' ', [name, family.Type, string.Join(" or ", family.Labels), .. family.Bounds]));
        return families;
    }

    private static void Add(SortedDictionary<string, (string Type, SortedSet<string> Labels, List<string> Bounds)> found, Match sample)
    {
        var name = sample.Groups["name"].Value;
        if (!found.TryGetValue(name, out var family) && !found.TryGetValue(Part().Replace(name, ""), out family))
            throw new InvalidDataException($"no TYPE is given of: {sample.Value}");
        var labels = sample.Groups["key"].Captures.Select(key => key.Value).ToArray();
        family.Labels.Add($"{{{string.Join(',', labels.Where(label => label != "le").Order(StringComparer.Ordinal))}}}");
        var bound = Array.IndexOf(labels, "le") is >= 0 and var at ? sample.Groups["value"].Captures[at].Value : "+Inf";
        if (bound != "+Inf" && !family.Bounds.Contains(bound))
            family.Bounds.Add(bound);
    }

    [GeneratedRegex("""^(?<name>\w+)(\{((?<key>\w+)="(?<value>([^"\\]|\\.)*)",?)*\})? \S+$""")]
    private static partial Regex Sample();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();
}
