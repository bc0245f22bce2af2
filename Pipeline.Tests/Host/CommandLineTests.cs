using System.CommandLine;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Without_arguments_the_commands_are_listed()
    {
        var (exit, output, _) = await InvokeAsync();

        Assert.Equal(ExitCode.Ok, exit);
        Assert.Contains("./pipeline COMMAND", output, StringComparison.Ordinal);
        Assert.Contains("doctor", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no command 'doktor'.", "doktor")]
    [InlineData("Unrecognized command or argument '--nope'.", "doctor", "--nope")]
    [InlineData("--set nonsense: KEY=VALUE is wanted", "doctor", "--set", "nonsense")]
    [InlineData("--config /nowhere.json: there is no such file.", "doctor", "--config", "/nowhere.json")]
    public async Task A_wrong_command_line_is_one_clear_line_and_exit_2(string message, params string[] args)
    {
        var (exit, _, error) = await InvokeAsync(args);

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.StartsWith(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_command_has_help_with_examples_that_the_command_line_understands()
    {
        var root = CommandLine.CreateRoot();

        foreach (var command in root.Subcommands)
        {
            var (exit, output, _) = await InvokeAsync(command.Name, "--help");
            Assert.Equal(ExitCode.Ok, exit);
            Assert.StartsWith(command.Description!, output, StringComparison.Ordinal);
            foreach (var example in output.Split('\n').Where(line => line.StartsWith("  ./pipeline", StringComparison.Ordinal)))
                Assert.Empty(root.Parse(example["  ./pipeline ".Length..]).Errors);
        }
    }

    [Fact]
    public async Task Chaos_is_a_program_of_its_own_with_the_same_help()
    {
        Assert.DoesNotContain(CommandLine.CreateRoot().Subcommands, command => command.Name == "chaos");
        var root = CommandLine.CreateRoot(Pipeline.Chaos.ChaosCommand.Create);
        var output = new StringWriter();

        Assert.Equal(ExitCode.Ok, await root.Parse("chaos --help").InvokeAsync(new InvocationConfiguration { Output = output }));

        Assert.Contains("Usage: ./pipeline chaos NAME [OPTIONS]", output.ToString(), StringComparison.Ordinal);
        foreach (var example in output.ToString().Split('\n').Where(line => line.StartsWith("  ./pipeline", StringComparison.Ordinal)))
            Assert.Empty(root.Parse(example["  ./pipeline ".Length..]).Errors);
        Assert.Contains("There is no experiment 'nonsense'", Assert.Single(root.Parse("chaos nonsense --servers x").Errors).Message, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string Output, string Error)> InvokeAsync(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        var exit = await CommandLine.InvokeAsync(args, output, error, CancellationToken.None);
        return (exit, output.ToString(), error.ToString());
    }
}
