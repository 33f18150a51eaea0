using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace AaClip.Cli;

/// <summary>A verb with examples, which are shown at the end of its own help.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Makes the help of all verbs end with their examples.</summary>
    public static void ShowExamples(RootCommand root, params string[] examples)
    {
        if (root.Options.OfType<HelpOption>().FirstOrDefault() is { Action: HelpAction help } option)
            option.Action = new HelpWithExamples(help, examples);
    }

    private sealed class HelpWithExamples(HelpAction help, string[] ofRoot) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int code = help.Invoke(parseResult);
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in parseResult.CommandResult.Command is Verb verb ? verb.Examples : ofRoot)
                output.WriteLine($"  {example}");
            return code;
        }
    }

    private string[] Examples { get; } = examples;

    /// <summary>
    /// Rules between options: each returns what is wrong, or null. The library's own command validators are not used, because with them
    /// it does not read the values of the options.
    /// </summary>
    public List<Func<ParseResult, string?>> Rules { get; } = [];

    /// <summary>Whether an option is on the command line, with or without a value: reading a missing value throws.</summary>
    public static bool Has(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    /// <summary>A rule for options that only some uses of a verb need.</summary>
    /// <returns>Which of them are missing; null for none.</returns>
    public static string? Missing(ParseResult result, params Option[] needed)
    {
        string[] missing = [.. needed.Where(o => !Has(result, o)).Select(o => o.Name)];
        return missing.Length == 0 ? null : Misuse.Missing(result.CommandResult, missing);
    }
}
