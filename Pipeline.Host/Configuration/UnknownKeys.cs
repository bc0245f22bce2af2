using System.Reflection;

namespace Pipeline.Host.Configuration;

/// <summary>Finds keys that nothing reads: a misspelt setting would otherwise be a default in silence.</summary>
internal static class UnknownKeys
{
    /// <summary>Sections that the host itself reads, in the forms that its own documentation describes.</summary>
    private static readonly string[] HostSections = ["Logging", "Kestrel", "AllowedHosts"];

    /// <summary>An environment variable of another program is this far, at least, from every setting.</summary>
    private const int ForeignDistance = 3;

    /// <summary>
    /// Names every key of <paramref name="configuration"/> that no section of <see cref="PipelineSettings.Sections"/> knows, with the nearest
    /// that there is. Environment variables, most of which are meant for other programs, count only in our sections and where they are nearly a
    /// setting.
    /// </summary>
    /// <param name="configuration">All settings.</param>
    /// <param name="environment">Those of them that come from environment variables.</param>
    public static IEnumerable<string> Find(IConfiguration configuration, IConfiguration environment)
    {
        foreach (var key in LeavesOf(configuration))
        {
            var parts = key.Split(ConfigurationPath.KeyDelimiter);
            var isForeign = environment[key] is not null;
            if (HostSections.Contains(parts[0], StringComparer.OrdinalIgnoreCase) || (isForeign && parts.Length == 1))
                continue;
            var section = PipelineSettings.Sections.FirstOrDefault(one => one.Name.Equals(parts[0], StringComparison.OrdinalIgnoreCase));
            if (section is not null && Knows(section.Options, parts.AsSpan(1)))
                continue;
            var (nearest, distance) = Nearest(key, PipelineSettings.Sections.SelectMany(one => KeysOf(one.Name, one.Options)));
            if (section is not null || !isForeign || distance < ForeignDistance)
                yield return Fault(key, nearest);
        }
    }

    /// <summary>The same for one section alone, which binds to a <paramref name="type"/>.</summary>
    public static IEnumerable<string> FindIn(IConfigurationSection section, Type type) =>
        from leaf in LeavesOf(section)
        where !Knows(type, leaf[(section.Path.Length + 1)..].Split(ConfigurationPath.KeyDelimiter))
        select Fault(leaf, Nearest(leaf, KeysOf(section.Path, type)).Key);

    /// <summary>Edits (insert, delete, replace, swap two neighbours) that make one text of the other, whatever the case of the letters.</summary>
    internal static int Distance(string a, string b)
    {
        (a, b) = (a.ToUpperInvariant(), b.ToUpperInvariant());
        var edits = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    edits[i, j] = i + j;
                    continue;
                }
                var least = Math.Min(Math.Min(edits[i - 1, j], edits[i, j - 1]) + 1, edits[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    least = Math.Min(least, edits[i - 2, j - 2] + 1);
                edits[i, j] = least;
            }
        return edits[a.Length, b.Length];
    }

    private static string Fault(string key, string nearest) => $"{key} is no setting; the nearest is {nearest}";

    /// <summary>A beginning counts as nearer than any misspelling: <c>Kafka:Bootstrap</c> means <c>Kafka:BootstrapServers</c>.</summary>
    private static (string Key, int Distance) Nearest(string key, IEnumerable<string> known) => known
        .Select(one => (one, one.StartsWith(key, StringComparison.OrdinalIgnoreCase) ? 1 : Distance(key, one)))
        .MinBy(pair => pair.Item2);

    private static IEnumerable<string> LeavesOf(IConfiguration configuration) => configuration.GetChildren().SelectMany(child =>
        child.GetChildren().Any() ? LeavesOf(child) : [child.Path]);

    private static IEnumerable<string> KeysOf(string section, Type type) => PropertiesOf(type).Select(property => $"{section}:{property.Name}");

    /// <summary>Whether the binder finds a place for the key: a property, and behind one that holds many (a map, a list) anything.</summary>
    private static bool Knows(Type type, ReadOnlySpan<string> parts)
    {
        if (parts.IsEmpty)
            return false;
        var name = parts[0];
        return PropertiesOf(type).FirstOrDefault(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } property &&
            (parts.Length == 1 || (property.PropertyType != typeof(string) && typeof(System.Collections.IEnumerable).IsAssignableFrom(property.PropertyType)
                && (parts.Length == 2 || ValueOf(property.PropertyType) is not { } value || Knows(value, parts[2..]))));
    }

    /// <summary>The options that a map of options holds; null of other types.</summary>
    private static Type? ValueOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>) && type.GenericTypeArguments[1] is { IsClass: true } value && value != typeof(string) ? value : null;

    private static IEnumerable<PropertyInfo> PropertiesOf(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite || typeof(System.Collections.IDictionary).IsAssignableFrom(property.PropertyType));
}
