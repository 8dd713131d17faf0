package suite;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Where a test insists on a server at a port of its own choosing: that port, passed through to the server under test. */
public final class Relay {
  private Relay() {}

  /** Blocks for as long as the process lives, as starting a real server would. */
  public static void serve(int port) throws Exception {
    String u = Server.uri();
    String host = u.substring(u.indexOf("//") + 2, u.lastIndexOf(':'));
    try (ServerSocket s = new ServerSocket(port, 50, InetAddress.getByName("127.0.0.1"))) {
      while (true) {
        Socket in = s.accept();
        Socket out = new Socket(host, Server.port());
        in.setTcpNoDelay(true);
        out.setTcpNoDelay(true);
        pump(in, out);
        pump(out, in);
      }
    }
  }

  private static void pump(Socket from, Socket to) {
    Thread t = new Thread(() -> {
      try (Socket a = from; Socket b = to) {
        InputStream i = a.getInputStream();
        OutputStream o = b.getOutputStream();
        byte[] buf = new byte[65536];
        for (int n = i.read(buf); n >= 0; n = i.read(buf)) {
          o.write(buf, 0, n);
          o.flush();
        }
      } catch (java.io.IOException e) {
        // One side went away; closing both is all there is to do.
      }
    });
    t.setDaemon(true);
    t.start();
  }
}
