using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Pipeline.Host.Errors;

namespace Pipeline.Host.Commands;

/// <summary>
/// Help as it is read: the name that the user types (<c>./pipeline</c>, not the assembly's), one column of names, one of texts, examples last.
/// </summary>
internal sealed class HelpText : SynchronousCommandLineAction
{
    private const string Program = "./pipeline";
    private const int TextColumn = 30;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Puts this in the place of the library's own help.</summary>
    public static void Install(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            option.Action = new HelpText();
            option.Description = "Show this.";
        }
        foreach (var option in root.Options.OfType<VersionOption>())
            option.Description = "Show the version.";
    }

    /// <summary><c>./pipeline</c> and the names down to the command, as the user typed them.</summary>
    public static string PathOf(CommandResult result)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = result; at is CommandResult { Command: not RootCommand } command; at = at.Parent)
            names.Push(command.Command.Name);
        return string.Join(' ', names.Prepend(Program));
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var command = parseResult.CommandResult.Command;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(command.Description);
        output.WriteLine();
        output.WriteLine($"Usage: {UsageOf(parseResult.CommandResult)}");
        Section(output, "Commands", command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, c.Description)));
        Section(output, "Arguments", command.Arguments.Where(a => !a.Hidden).Select(a => (a.HelpName ?? a.Name, a.Description)));
        Section(output, "Options", command.Options.Where(o => !o.Hidden).Select(o => (NamesOf(o), o.Description)));
        if (command is not RootCommand)
            Section(output, "Everywhere", parseResult.RootCommandResult.Command.Options.Where(o => o.Recursive && !o.Hidden).Select(o => (NamesOf(o), o.Description)));
        if (command is DocumentedCommand { Examples.Count: > 0 } documented)
        {
            output.WriteLine();
            output.WriteLine("Examples:");
            foreach (var example in documented.Examples)
                output.WriteLine($"  {example}");
        }
        if (command is RootCommand)
        {
            output.WriteLine();
            output.WriteLine($"{Program} COMMAND --help says more, with examples. Start with: {Program} demo");
        }
        return ExitCode.Ok;
    }

    private static string UsageOf(CommandResult result)
    {
        var command = result.Command;
        var usage = PathOf(result);
        if (command.Subcommands.Count > 0)
            usage += " COMMAND";
        foreach (var argument in command.Arguments.Where(a => !a.Hidden))
            usage += $" {argument.HelpName ?? argument.Name}{(argument.Arity.MaximumNumberOfValues > 1 ? "…" : "")}";
        return command.Options.Any(o => !o.Hidden) || command.Subcommands.Count > 0 ? usage + " [OPTIONS]" : usage;
    }

    private static string NamesOf(Option option)
    {
        var names = string.Join(", ", option.Aliases.Where(a => a.StartsWith('-') && a.Length <= 2).Append(option.Name));
        return option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? names : $"{names} {option.HelpName ?? "VALUE"}";
    }

    private static void Section(TextWriter output, string title, IEnumerable<(string Name, string? Text)> rows)
    {
        var listed = rows.ToArray();
        if (listed.Length == 0)
            return;
        output.WriteLine();
        output.WriteLine($"{title}:");
        foreach (var (name, text) in listed)
        {
            // A name wider than its column gets a line of its own.
            if (name.Length > TextColumn - 4)
            {
                output.WriteLine($"  {name}");
                output.WriteLine($"{new string(' ', TextColumn)}{text}");
            }
            else
                output.WriteLine($"  {name.PadRight(TextColumn - 2)}{text}");
        }
    }
}
