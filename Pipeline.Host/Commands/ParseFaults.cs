using System.CommandLine;
using System.CommandLine.Parsing;

namespace Pipeline.Host.Commands;

/// <summary>What is wrong with a command line, in the terms of the person who typed it: the library names types of the program.</summary>
internal static class ParseFaults
{
    /// <summary>All faults in one line.</summary>
    public static string Of(ParseResult parsed) => parsed switch
    {
        { CommandResult.Command: RootCommand, UnmatchedTokens: [var unknown, ..] } => $"There is no command '{unknown}'.",
        { CommandResult.Command: { Subcommands.Count: > 0 } command, UnmatchedTokens: [var unknown, ..] } =>
            $"There is no '{command.Name} {unknown}'; there is: {Names(command)}.",
        { CommandResult.Command: { Subcommands.Count: > 0 } command and not RootCommand, UnmatchedTokens.Count: 0 } result when result.Errors.All(fault => fault.SymbolResult is CommandResult) =>
            $"{command.Name} wants one of: {Names(command)}.",
        _ => string.Join(' ', parsed.Errors.Select(fault => Of(fault, parsed)).Distinct(StringComparer.Ordinal)),
    };

    private static string Of(ParseError fault, ParseResult parsed) => fault.SymbolResult switch
    {
        OptionResult { Option: var option, Tokens: [] } when fault.Message.StartsWith("Required argument", StringComparison.Ordinal) => $"{option.Name} wants a value: {Wanted(option)}.",
        OptionResult { Option: var option, Tokens: var tokens } when fault.Message.Contains("as expected type", StringComparison.Ordinal) =>
            $"{option.Name} {string.Join(' ', tokens.Select(token => token.Value))}: {Wanted(option)} is wanted.",
        ArgumentResult { Argument: var argument, Tokens: [] } => $"{argument.HelpName ?? argument.Name} is missing: {argument.Description}",
        CommandResult when fault.Message.StartsWith("Unrecognized", StringComparison.Ordinal)
            && parsed.UnmatchedTokens.FirstOrDefault(token => fault.Message.Contains($"'{token}'", StringComparison.Ordinal)) is { } unknown =>
            unknown.StartsWith('-') ? $"There is no option '{unknown}'." : $"'{unknown}' is one argument too many.",
        CommandResult { Command: var command } when fault.Message.StartsWith("Required argument", StringComparison.Ordinal) && command.Arguments.FirstOrDefault() is { } argument =>
            $"{argument.HelpName ?? argument.Name} is missing: {argument.Description}",
        _ => fault.Message,
    };

    private static string Names(Command command) => string.Join(", ", command.Subcommands.Select(one => one.Name));

    private static string Wanted(Option option)
    {
        var type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        return type.IsEnum ? string.Join(" or ", Enum.GetNames(type).Select(name => name.ToLowerInvariant()))
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(double) ? "a number"
            : type == typeof(bool) ? "true or false"
            : option.HelpName ?? "a value";
    }
}
