package org.apache.hadoop.hive.ql.exec;

import org.apache.hive.com.esotericsoftware.kryo.Kryo;
import org.apache.hive.com.esotericsoftware.kryo.Serializer;
import org.apache.hive.com.esotericsoftware.kryo.io.Input;
import org.apache.hive.com.esotericsoftware.kryo.io.Output;

/**
 * In the place of the class of this name in Hive 3.1, which cannot be made by a Java after 8. Expressions hold no such
 * list, but the class takes a number among those that Kryo knows.
 */
public class SerializationUtilities$ArrayListSubListSerializer extends Serializer<Object> {
    @Override
    public void write(Kryo kryo, Output output, Object list) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Object read(Kryo kryo, Input input, Class<Object> type) {
        throw new UnsupportedOperationException();
    }
}
