using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Pipeline.Host.Configuration;
using Xunit;

namespace Pipeline.Tests.Host;

/// <summary>
/// The keys of the configuration are a public interface: a change of this file is a change for everyone who runs the pipeline. To approve
/// one, copy the text that the failing test prints into Golden/configuration-keys.txt.
/// </summary>
public sealed class ConfigurationKeysTests
{
    [Fact]
    public void The_keys_with_their_defaults_and_ranges_are_those_that_were_approved()
    {
        var found = string.Join('\n', PipelineSettings.Sections.SelectMany(section => Describe(section.Name, Activator.CreateInstance(section.Options)!))) + "\n";

        var approved = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "configuration-keys.txt"));

        Assert.True(approved == found, $"Configuration keys differ from the approved ones; they are now:\n{found}");
    }

    private static IEnumerable<string> Describe(string section, object defaults) =>
        from property in defaults.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.CanWrite
        orderby property.MetadataToken
        let range = property.GetCustomAttribute<RangeAttribute>()
        let text = string.Create(CultureInfo.InvariantCulture, $"{section}:{property.Name} = {Show(property.GetValue(defaults))}")
        select range is null ? text : string.Create(CultureInfo.InvariantCulture, $"{text}  [{range.Minimum} .. {range.Maximum}]");

    private static string Show(object? value) => value switch
    {
        null => "(none)",
        string { Length: 0 } => "(empty)",
        System.Collections.IDictionary { Count: 0 } => "(any)",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
