using System.CommandLine;

namespace Pipeline.Host.Commands;

/// <summary>A sub-command whose help ends with examples that can be typed as they stand.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">One sentence; it is also its line in the list of commands.</param>
/// <param name="examples">Whole command lines.</param>
internal sealed class DocumentedCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Whole command lines.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;
}
