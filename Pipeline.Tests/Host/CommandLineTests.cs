using System.CommandLine;
using System.Reflection;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Tests.Support;
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
    [InlineData("There is no option '--nope'.", "doctor", "--nope")]
    [InlineData("'extra' is one argument too many.", "run", "extra")]
    [InlineData("--beds x: a whole number is wanted.", "demo", "--beds", "x")]
    [InlineData("--partitions 1.5: a whole number is wanted.", "topics", "--partitions", "1.5")]
    [InlineData("--rate fast: a number is wanted.", "estimate", "a.csv", "--rate", "fast")]
    [InlineData("--speed z: a number is wanted.", "simulate", "--speed", "z")]
    [InlineData("--format xml: csv or json is wanted.", "estimate", "a.hea", "--format", "xml")]
    [InlineData("--model wants a value: NAME.", "estimate", "a.hea", "--model")]
    [InlineData("FILE is missing: Recordings, or folders of them: WFDB header (.hea)", "estimate")]
    [InlineData("Option '--data' is required. MODEL is missing: A model's name or folder", "evaluate")]
    [InlineData("dead-letters wants one of: list, replay.", "dead-letters")]
    [InlineData("--limit -3: 1 to 1000000 are possible.", "dead-letters", "list", "--limit", "-3")]
    [InlineData("--stage stored: one of decode, chunk, patient, command, store, state is wanted.", "dead-letters", "list", "--stage", "stored")]
    [InlineData("--record x: PARTITION:OFFSET is wanted, for example 3:1207.", "dead-letters", "replay", "--record", "x")]
    [InlineData("--record 1:-2: PARTITION:OFFSET is wanted", "dead-letters", "replay", "--record", "1:-2")]
    [InlineData("There is no 'dead-letters show'; there is: list, replay.", "dead-letters", "show")]
    [InlineData("There is no model '\\u001B[31mred'; there is: ", "estimate", "a.hea", "--model", "\u001b[31mred")]
    [InlineData("--data /nowhere: there is no such folder.", "train", "heart-sound", "--data", "/nowhere")]
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

    [Theory]
    [InlineData("doctor")]
    [InlineData("topics")]
    [InlineData("run")]
    [InlineData("dead-letters", "list")]
    [InlineData("dead-letters", "replay")]
    [InlineData("simulate")]
    [InlineData("replay", "a.hea")]
    public void Every_command_that_asks_Kafka_takes_its_address(params string[] command) =>
        Assert.Empty(CommandLine.CreateRoot().Parse([.. command, "--kafka", "kafka:9092"]).Errors);

    /// <summary>Every option with every value that a person may mistype: a line, never a type of the program or a stack trace.</summary>
    [Fact]
    public async Task No_wrong_value_of_any_option_names_a_type_of_the_program()
    {
        // Of commands side by side that take the same options, as the networks of `train`, one.
        var commands = Commands(CommandLine.CreateRoot(), []).DistinctBy(one => string.Join(' ', [.. one.Path[..^1], .. one.Command.Options.Select(option => option.Name)]));
        foreach (var command in commands)
            foreach (var option in command.Command.Options)
                foreach (var value in (string[])["", "x", "-1", "1e999", "NaN", "\u001b[0m"])
                {
                    // Settings that cannot be read end a command whose values are all right before it does anything.
                    var (_, _, error) = await InvokeAsync([.. command.Path, option.Name, value, "--set", "nonsense", "--config", "/nowhere.json"]);

                    Assert.DoesNotMatch(@"System\.|Pipeline\.(Host|Models|Actors)|   at |\u001b", error);
                }
    }

    [Fact]
    public void A_release_has_one_number_in_the_program_the_changelog_and_the_image_tag()
    {
        string Read(string path) => File.ReadAllText(Path.Combine(RepositoryRoot.Path, path));
        var changelog = System.Text.RegularExpressions.Regex.Match(Read("CHANGELOG.md"), @"^## (\d+\.\d+\.\d+)", System.Text.RegularExpressions.RegexOptions.Multiline).Groups[1].Value;

        Assert.Equal(changelog, typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
        Assert.Contains($"newTag: \"{changelog}\"", Read(Path.Combine("k8s", "kustomization.yaml")), StringComparison.Ordinal);
        Assert.Contains($"image: &image pipeline:{changelog}\n", Read("docker-compose.yml"), StringComparison.Ordinal);
    }

    private static IEnumerable<(Command Command, string[] Path)> Commands(Command command, string[] path) =>
        command.Subcommands.SelectMany(sub => Commands(sub, [.. path, sub.Name])).Concat(path.Length > 0 && command.Subcommands.Count == 0 ? [(command, path)] : []);

    private static async Task<(int Exit, string Output, string Error)> InvokeAsync(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        var exit = await CommandLine.InvokeAsync(args, output, error, CancellationToken.None);
        return (exit, output.ToString(), error.ToString());
    }
}
