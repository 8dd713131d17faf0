package suite;

import java.io.IOException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import org.junit.runner.Description;
import org.junit.runner.JUnitCore;
import org.junit.runner.Request;
import org.junit.runner.manipulation.Filter;
import org.junit.runner.notification.Failure;
import org.junit.runner.notification.RunListener;

/**
 * Runs JUnit 4 classes one after the other, without the tests in the property suite.excluded (Class.test, by commas). One
 * line on the output for each thing that happens, its fields separated by tabs; what the tests print goes to the errors.
 */
public final class RunClasses {
  private static final PrintStream OUT = System.out;

  private RunClasses() {}

  public static void main(String[] names) {
    System.setOut(System.err);
    Set<String> excluded = Set.of(System.getProperty("suite.excluded").split(","));
    for (String name : names) {
      say("class", name);
      try {
        String troubles = Reset.run();
        if (!troubles.isEmpty()) {
          say("reset", troubles);
        }
        run(Class.forName(name), excluded);
      } catch (Throwable e) {
        say("result", "(class)", "fail", e.toString());
      }
      say("end", name);
    }
    // The Hive client leaves threads behind that are no daemons.
    Runtime.getRuntime().halt(0);
  }

  /** Has the server's transactions forgotten, so that the next has the id 1. */
  public static synchronized void resetTransactions() {
    say("reset-transactions");
    try {
      // The answer is a line.
      while (System.in.read() != '\n') {
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void run(Class<?> suite, Set<String> excluded) {
    Request request = Request.aClass(suite).filterWith(new Filter() {
      @Override
      public boolean shouldRun(Description d) {
        return d.isTest() ? !excluded.contains(suite.getSimpleName() + "." + plain(d.getMethodName()))
            : d.getChildren().stream().anyMatch(this::shouldRun);
      }

      @Override
      public String describe() {
        return "what is not excluded";
      }
    });
    plan(request.getRunner().getDescription());
    JUnitCore core = new JUnitCore();
    core.addListener(new Listener());
    core.run(request);
  }

  private static void plan(Description d) {
    if (d.isTest()) {
      say("planned", test(d));
    }
    d.getChildren().forEach(RunClasses::plan);
  }

  private static String test(Description d) {
    return d.getMethodName() == null ? "(class)" : plain(d.getMethodName());
  }

  /** Without the parameter: there is one server. */
  private static String plain(String method) {
    return method.replaceAll("\\[.*", "");
  }

  private static synchronized void say(String... fields) {
    StringBuilder line = new StringBuilder();
    for (String field : fields) {
      line.append(line.length() == 0 ? "" : "\t").append(field.replaceAll("\\s+", " "));
    }
    OUT.println(line);
    OUT.flush();
  }

  private static final class Listener extends RunListener {
    private final Map<String, String> failed = new HashMap<>();
    private final Set<String> skipped = new HashSet<>();

    @Override
    public void testFailure(Failure f) {
      Throwable e = f.getException();
      String said = String.valueOf(e.getMessage());
      String why = e.getClass().getSimpleName() + ": " + (said.length() > 400 ? said.substring(0, 400) : said);
      for (StackTraceElement at : e.getStackTrace()) {
        if (at.getClassName().startsWith("org.apache.hadoop.hive.metastore")) {
          why += " at " + at.getFileName() + ":" + at.getLineNumber();
          break;
        }
      }
      failed.put(test(f.getDescription()), why);
      if (!f.getDescription().isTest()) {
        say("result", "(class)", "fail", why);
      }
    }

    @Override
    public void testAssumptionFailure(Failure f) {
      skipped.add(test(f.getDescription()));
    }

    @Override
    public void testIgnored(Description d) {
      say("result", test(d), "skip", "");
    }

    @Override
    public void testFinished(Description d) {
      String test = test(d);
      String why = failed.get(test);
      say("result", test, why != null ? "fail" : skipped.contains(test) ? "skip" : "pass", why == null ? "" : why);
    }
  }
}
